// SPDX-License-Identifier: Apache-2.0
//! AWS's own library for enclave image files, as a program: builds, signs and describes images for run.heavy.ts.
use aws_nitro_enclaves_image_format::defs::{EifBuildInfo, EifIdentityInfo, EIF_HDR_ARCH_ARM64};
use aws_nitro_enclaves_image_format::utils::eif_reader::EifReader;
use aws_nitro_enclaves_image_format::utils::eif_signer::{EifSigner, SignKeyData};
use aws_nitro_enclaves_image_format::utils::{EifBuilder, PcrSignatureChecker};
use serde_json::{json, Value};
use sha2::{Digest, Sha384};
use std::fs::OpenOptions;
use std::path::Path;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let printed = match words.as_slice() {
        ["build", arch, kernel, cmdline, output, cert, key, ramdisks @ ..] => {
            build(arch, kernel, cmdline, output, signer(cert, key), ramdisks)
        }
        ["sign", file, cert, key] => sign(file, signer(cert, key)),
        ["describe", file] => describe(file),
        _ => panic!("build, sign or describe"),
    };
    println!("{printed}");
}

/// `-` for an image that is not signed.
fn signer(cert: &str, key: &str) -> Option<SignKeyData> {
    (cert != "-").then(|| SignKeyData::new(key, Path::new(cert)).expect("signing key"))
}

fn build(
    arch: &str,
    kernel: &str,
    cmdline: &str,
    output: &str,
    signer: Option<SignKeyData>,
    ramdisks: &[&str],
) -> Value {
    let identity = EifIdentityInfo {
        img_name: "interop".into(),
        img_version: "1.0".into(),
        build_info: EifBuildInfo {
            build_time: "2030-01-01T00:00:00Z".into(),
            build_tool: "eif-peer".into(),
            build_tool_version: "0.1.0".into(),
            img_os: "Linux".into(),
            img_kernel: "none".into(),
        },
        docker_info: json!({"Id": "sha256:0"}),
        custom_info: json!({"text": "grüße", "nested": {"list": [1, 2, null]}}),
    };
    let flags = if arch == "aarch64" { EIF_HDR_ARCH_ARM64 } else { 0 };
    let mut builder = EifBuilder::new(
        Path::new(kernel),
        cmdline.into(),
        signer,
        Sha384::new(),
        flags,
        identity,
    );
    for ramdisk in ramdisks {
        builder.add_ramdisk(Path::new(ramdisk));
    }
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(output)
        .expect("output");
    json!(builder.write_to(&mut file))
}

/// As `nitro-cli sign-eif` does: an image that is there already.
fn sign(file: &str, signer: Option<SignKeyData>) -> Value {
    EifSigner::new(signer).expect("signer").sign_image(file).expect("sign");
    json!({})
}

fn describe(file: &str) -> Value {
    let mut reader = match EifReader::from_eif(file.into()) {
        Ok(reader) => reader,
        Err(_) => return json!({"readable": false}),
    };
    let signature = PcrSignatureChecker::from_eif(file).map(|mut checker| {
        if checker.is_empty() { Value::Null } else { json!(checker.verify().is_ok()) }
    });
    json!({
        "readable": true,
        "crc": reader.check_crc(),
        "arm64": reader.get_header().flags & EIF_HDR_ARCH_ARM64 != 0,
        "measurements": reader.get_measurements().expect("measurements"),
        "signature": signature.unwrap_or(json!(false)),
    })
}
