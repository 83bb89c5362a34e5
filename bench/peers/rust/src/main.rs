// SPDX-License-Identifier: Apache-2.0
//! rustls' HPKE on aws-lc-rs as a candidate of bench/crypto.ts, which says on stdin what to do, a line each, and gets a line back:
//!
//!     load SUITE SCALAR POINT INFO TEXT COUNT, COUNT aads, the shared enc and COUNT ciphertexts, COUNT times an enc and a ciphertext
//!     run WORK ROUNDS             -> nanoseconds of each round
//!     rate WORK THREADS MS        -> rounds that so many threads did in that time
//!
//! Bytes are hex. What does not open, or opens to something else, ends the program: a wrong answer is no measurement.

use std::hint::black_box;
use std::io::{self, BufRead, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aws_lc_rs::agreement::{self, agree, Algorithm, PrivateKey, UnparsedPublicKey};
use rustls::crypto::aws_lc_rs::hpke;
use rustls::crypto::hpke::{EncapsulatedSecret, Hpke, HpkePrivateKey, HpkePublicKey};

/// Everything a round needs, as bytes: keys are in the form that the library takes them in.
struct Subject {
    suite: &'static dyn Hpke,
    curve: &'static Algorithm,
    private_key: HpkePrivateKey,
    public_key: HpkePublicKey,
    /// What aws-lc-rs can keep between calls and rustls does not: the key, read.
    read_key: PrivateKey,
    info: Vec<u8>,
    text: Vec<u8>,
    aads: Vec<Vec<u8>>,
    shared: (EncapsulatedSecret, Vec<Vec<u8>>),
    each: Vec<(EncapsulatedSecret, Vec<u8>)>,
}

type Work = fn(&Subject);

fn check(subject: &Subject, opened: Vec<u8>) {
    assert!(opened == subject.text, "it opened to something else");
}

fn open_shared(subject: &Subject) {
    let (enc, sealed) = &subject.shared;
    let mut context = subject.suite.setup_opener(enc, &subject.info, &subject.private_key).unwrap();
    for (aad, ciphertext) in subject.aads.iter().zip(sealed) {
        check(subject, context.open(aad, ciphertext).unwrap());
    }
}

fn open_each(subject: &Subject) {
    for (aad, (enc, ciphertext)) in subject.aads.iter().zip(&subject.each) {
        let opened = subject.suite.open(enc, &subject.info, aad, ciphertext, &subject.private_key);
        check(subject, opened.unwrap());
    }
}

fn seal_shared(subject: &Subject) {
    let (_, mut context) = subject.suite.setup_sealer(&subject.info, &subject.public_key).unwrap();
    for aad in &subject.aads {
        black_box(context.seal(aad, &subject.text).unwrap());
    }
}

fn seal_each(subject: &Subject) {
    for aad in &subject.aads {
        black_box(subject.suite.seal(&subject.info, aad, &subject.text, &subject.public_key).unwrap());
    }
}

/// The bare ECDH with a key that was read before, and a point that is read now.
fn ecdh(subject: &Subject) {
    let point = UnparsedPublicKey::new(subject.curve, &subject.shared.0 .0);
    agree(&subject.read_key, point, (), |secret| {
        black_box(secret);
        Ok(())
    })
    .unwrap();
}

/// What rustls does before each ECDH: reads the scalar and computes its public point.
fn read_key(subject: &Subject) {
    let key = PrivateKey::from_private_key(subject.curve, subject.private_key.secret_bytes()).unwrap();
    black_box(key.compute_public_key().unwrap());
}

fn generate(subject: &Subject) {
    black_box(PrivateKey::generate(subject.curve).unwrap().compute_public_key().unwrap());
}

fn work(name: &str) -> Work {
    match name {
        "open-shared" => open_shared,
        "open-each" => open_each,
        "seal-shared" => seal_shared,
        "seal-each" => seal_each,
        "ecdh" => ecdh,
        "read-key" => read_key,
        "generate" => generate,
        _ => panic!("unknown work"),
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect()
}

fn load<'a>(mut words: impl Iterator<Item = &'a str>) -> Subject {
    let (suite, curve): (&'static dyn Hpke, _) = match words.next().unwrap() {
        "P-256" => (hpke::DH_KEM_P256_HKDF_SHA256_AES_256, &agreement::ECDH_P256),
        "P-384" => (hpke::DH_KEM_P384_HKDF_SHA384_AES_256, &agreement::ECDH_P384),
        "P-521" => (hpke::DH_KEM_P521_HKDF_SHA512_AES_256, &agreement::ECDH_P521),
        _ => panic!("unknown suite"),
    };
    let mut next = || bytes(words.next().unwrap());
    let (scalar, point, info, text) = (next(), next(), next(), next());
    let count = words.next().unwrap().parse::<u16>().unwrap();
    let mut next = || bytes(words.next().unwrap());
    Subject {
        suite,
        curve,
        read_key: PrivateKey::from_private_key(curve, &scalar).unwrap(),
        private_key: HpkePrivateKey::from(scalar),
        public_key: HpkePublicKey(point),
        info,
        text,
        aads: (0..count).map(|_| next()).collect(),
        shared: (EncapsulatedSecret(next()), (0..count).map(|_| next()).collect()),
        each: (0..count).map(|_| (EncapsulatedSecret(next()), next())).collect(),
    }
}

fn run(subject: &Subject, work: Work, rounds: u32) -> String {
    let times: Vec<String> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            work(subject);
            start.elapsed().as_nanos().to_string()
        })
        .collect();
    times.join(" ")
}

fn rate(subject: &Subject, work: Work, threads: u32, ms: u64) -> String {
    let (done, over) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    work(subject);
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        std::thread::sleep(Duration::from_millis(ms));
        over.store(true, Ordering::Relaxed);
    });
    done.load(Ordering::Relaxed).to_string()
}

fn main() {
    let mut subject = None;
    for line in io::stdin().lock().lines() {
        let line = line.unwrap();
        let mut words = line.split_whitespace();
        let answer = match words.next() {
            Some("load") => {
                subject = Some(load(words));
                "ok".to_owned()
            }
            Some(what) => {
                let subject = subject.as_ref().expect("load comes first");
                let work = work(words.next().unwrap());
                let numbers: Vec<u32> = words.map(|word| word.parse().unwrap()).collect();
                match (what, numbers.as_slice()) {
                    ("run", [rounds]) => run(subject, work, *rounds),
                    ("rate", [threads, ms]) => rate(subject, work, *threads, u64::from(*ms)),
                    _ => panic!("unknown request"),
                }
            }
            None => continue,
        };
        println!("{answer}");
        io::stdout().flush().unwrap();
    }
}
