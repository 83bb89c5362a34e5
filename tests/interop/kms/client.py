# SPDX-License-Identifier: Apache-2.0
"""boto3 and the AWS CLI against the KMS emulator: the other side of run.heavy.ts.

Reads its configuration (JSON) from stdin; prints `ok NAME` or `FAILED NAME: why` a check. The clients are as AWS
releases them: all they are given is an endpoint URL, a CA bundle and credentials.
"""

import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

CONFIG = json.load(sys.stdin)
CONTEXT = {"vault_id": "v_1", "tenant_id": "default", "ä b": "\U0001f511"}
RECIPIENT = {
    "KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256",
    "AttestationDocument": base64.b64decode(CONFIG["document"]),
}


def client(**overrides):
    credentials = {**CONFIG["credentials"], **overrides.pop("credentials", {})}
    return boto3.client(
        "kms",
        region_name=overrides.pop("region", CONFIG["region"]),
        endpoint_url=CONFIG["endpoint"],
        verify=overrides.pop("verify", CONFIG["ca_bundle"]),
        config=Config(retries={"total_max_attempts": 1}),
        aws_access_key_id=credentials["accessKeyId"],
        aws_secret_access_key=credentials["secretAccessKey"],
        aws_session_token=credentials["sessionToken"],
    )


KMS = client()


def check(name):
    """Runs a function as a check of that name."""

    def run(function):
        try:
            function()
            print(f"ok {name}", flush=True)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
            print(f"FAILED {name}: {type(error).__name__}: {error}".replace("\n", " "), flush=True)

    return run


def expect(code, call):
    """The call must end with this AWS error."""
    try:
        call()
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, f"{error.response['Error']} instead of {code}"
        assert error.response["Error"]["Message"], "no message"
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        return error
    raise AssertionError(f"no error instead of {code}")


def cms_open(ciphertext):
    """Opens CiphertextForRecipient with OpenSSL's own CMS reader."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "key.pem")
        with open(path, "w", encoding="ascii") as file:
            file.write(CONFIG["recipient_key"])
        command = ["openssl", "cms", "-decrypt", "-inform", "DER", "-inkey", path]
        return subprocess.run(command, input=ciphertext, capture_output=True, check=True).stdout


KEY = KMS.create_key(Description="interop", Tags=[{"TagKey": "a", "TagValue": "b"}])["KeyMetadata"]
ARN = KEY["Arn"]


@check("boto3: keys and their metadata")
def _():
    described = KMS.describe_key(KeyId=KEY["KeyId"])["KeyMetadata"]
    assert described == KEY, described
    assert KEY["CreationDate"].year >= 2024
    assert ARN in [key["KeyArn"] for page in KMS.get_paginator("list_keys").paginate() for key in page["Keys"]]


@check("boto3: Encrypt and Decrypt")
def _():
    sealed = KMS.encrypt(KeyId=ARN, Plaintext=b"\x00\xffplain", EncryptionContext=CONTEXT)
    opened = KMS.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=CONTEXT, GrantTokens=["x"])
    assert opened["Plaintext"] == b"\x00\xffplain" and opened["KeyId"] == ARN
    blob = sealed["CiphertextBlob"]
    expect("InvalidCiphertextException", lambda: KMS.decrypt(CiphertextBlob=blob))
    expect("InvalidCiphertextException", lambda: KMS.decrypt(CiphertextBlob=blob[:-1], EncryptionContext=CONTEXT))
    other = KMS.create_key()["KeyMetadata"]["KeyId"]
    expect(
        "IncorrectKeyException",
        lambda: KMS.decrypt(CiphertextBlob=blob, EncryptionContext=CONTEXT, KeyId=other),
    )


@check("boto3: data keys")
def _():
    made = KMS.generate_data_key(KeyId=ARN, KeySpec="AES_256", EncryptionContext=CONTEXT)
    opened = KMS.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=CONTEXT)
    assert opened["Plaintext"] == made["Plaintext"] and len(made["Plaintext"]) == 32
    hidden = KMS.generate_data_key_without_plaintext(KeyId=ARN, NumberOfBytes=64)
    assert "Plaintext" not in hidden
    assert len(KMS.decrypt(CiphertextBlob=hidden["CiphertextBlob"])["Plaintext"]) == 64
    expect("ValidationException", lambda: KMS.generate_data_key(KeyId=ARN))
    assert len(KMS.generate_random(NumberOfBytes=24)["Plaintext"]) == 24


@check("boto3: data key pairs")
def _():
    for spec in ["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "RSA_2048"]:
        made = KMS.generate_data_key_pair(KeyId=ARN, KeyPairSpec=spec, EncryptionContext=CONTEXT)
        opened = KMS.decrypt(CiphertextBlob=made["PrivateKeyCiphertextBlob"], EncryptionContext=CONTEXT)
        assert opened["Plaintext"] == made["PrivateKeyPlaintext"]
        pem = subprocess.run(
            ["openssl", "pkey", "-inform", "DER", "-pubout", "-outform", "DER"],
            input=made["PrivateKeyPlaintext"],
            capture_output=True,
            check=True,
        ).stdout
        assert pem == made["PublicKey"], spec
    hidden = KMS.generate_data_key_pair_without_plaintext(KeyId=ARN, KeyPairSpec="ECC_NIST_P384")
    assert "PrivateKeyPlaintext" not in hidden
    expect("UnsupportedOperationException", lambda: KMS.generate_data_key_pair(KeyId=ARN, KeyPairSpec="SM2"))


@check("boto3: signatures, verified by OpenSSL")
def _():
    for spec, algorithm, digest in [
        ("ECC_NIST_P256", "ECDSA_SHA_256", hashlib.sha256),
        ("ECC_NIST_P384", "ECDSA_SHA_384", hashlib.sha384),
    ]:
        key = KMS.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
        message, signature, public = (os.path.join(CONFIG["home"], name) for name in ("m", "s", "p"))
        with open(message, "wb") as file:
            file.write(b"what is signed")
        with open(public, "wb") as file:
            file.write(KMS.get_public_key(KeyId=key)["PublicKey"])
        answer = KMS.sign(
            KeyId=key,
            Message=digest(b"what is signed").digest(),
            MessageType="DIGEST",
            SigningAlgorithm=algorithm,
        )
        with open(signature, "wb") as file:
            file.write(answer["Signature"])
        check_command = ["openssl", "dgst", "-" + digest().name, "-keyform", "DER", "-verify", public]
        subprocess.run([*check_command, "-signature", signature, message], capture_output=True, check=True)
        verified = KMS.verify(
            KeyId=key, Message=b"what is signed", Signature=answer["Signature"], SigningAlgorithm=algorithm
        )
        assert verified["SignatureValid"] is True
        expect(
            "KMSInvalidSignatureException",
            lambda: KMS.verify(
                KeyId=key, Message=b"other", Signature=answer["Signature"], SigningAlgorithm=algorithm
            ),
        )
        expect("InvalidKeyUsageException", lambda: KMS.encrypt(KeyId=key, Plaintext=b"x"))


@check("boto3: attested recipients, opened by OpenSSL")
def _():
    made = KMS.generate_data_key(KeyId=ARN, KeySpec="AES_256")
    blob = made["CiphertextBlob"]
    answer = KMS.decrypt(CiphertextBlob=blob, Recipient=RECIPIENT)
    assert not answer.get("Plaintext")
    assert cms_open(answer["CiphertextForRecipient"]) == made["Plaintext"]
    pair = KMS.generate_data_key_pair(KeyId=ARN, KeyPairSpec="ECC_NIST_P384", Recipient=RECIPIENT)
    private_key = KMS.decrypt(CiphertextBlob=pair["PrivateKeyCiphertextBlob"])["Plaintext"]
    assert cms_open(pair["CiphertextForRecipient"]) == private_key
    random = KMS.generate_random(NumberOfBytes=1024, Recipient=RECIPIENT)
    assert len(cms_open(random["CiphertextForRecipient"])) == 1024
    document = bytearray(RECIPIENT["AttestationDocument"])
    document[-1] ^= 1
    forged = {**RECIPIENT, "AttestationDocument": bytes(document)}
    expect("ValidationException", lambda: KMS.decrypt(CiphertextBlob=blob, Recipient=forged))


@check("boto3: key policies and their lockout check")
def _():
    policy = KMS.get_key_policy(KeyId=ARN, PolicyName="default")["Policy"]
    KMS.put_key_policy(KeyId=ARN, PolicyName="default", Policy=policy)
    document = json.loads(policy)
    document["Statement"][0]["Action"] = "kms:Encrypt"
    locked = json.dumps(document)
    expect("MalformedPolicyDocumentException", lambda: KMS.put_key_policy(KeyId=ARN, Policy=locked))
    expect("MalformedPolicyDocumentException", lambda: KMS.create_key(Policy=locked))


@check("boto3: aliases")
def _():
    KMS.create_alias(AliasName="alias/interop", TargetKeyId=ARN)
    expect("AlreadyExistsException", lambda: KMS.create_alias(AliasName="alias/interop", TargetKeyId=ARN))
    assert KMS.encrypt(KeyId="alias/interop", Plaintext=b"x")["KeyId"] == ARN
    pages = KMS.get_paginator("list_aliases").paginate(KeyId=ARN)
    assert ["alias/interop"] == [alias["AliasName"] for page in pages for alias in page["Aliases"]]


@check("boto3: rotation, disabling, deletion")
def _():
    key = KMS.create_key()["KeyMetadata"]["KeyId"]
    blob = KMS.encrypt(KeyId=key, Plaintext=b"old")["CiphertextBlob"]
    KMS.enable_key_rotation(KeyId=key)
    assert KMS.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
    KMS.rotate_key_on_demand(KeyId=key)
    assert KMS.decrypt(CiphertextBlob=blob)["Plaintext"] == b"old"
    KMS.disable_key(KeyId=key)
    expect("DisabledException", lambda: KMS.decrypt(CiphertextBlob=blob))
    KMS.enable_key(KeyId=key)
    assert KMS.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)["KeyState"] == "PendingDeletion"
    expect("KMSInvalidStateException", lambda: KMS.decrypt(CiphertextBlob=blob))
    KMS.cancel_key_deletion(KeyId=key)
    expect("DisabledException", lambda: KMS.decrypt(CiphertextBlob=blob))


@check("boto3: dry runs")
def _():
    expect(
        "DryRunOperationException",
        lambda: KMS.decrypt(KeyId=ARN, DryRun=True, DryRunModifiers=["IGNORE_CIPHERTEXT"]),
    )
    expect("DryRunOperationException", lambda: KMS.generate_data_key(KeyId=ARN, KeySpec="AES_128", DryRun=True))
    refused = client(credentials=CONFIG["nobody"])
    expect("AccessDeniedException", lambda: refused.encrypt(KeyId=ARN, Plaintext=b"x", DryRun=True))


@check("boto3: errors have modelled classes")
def _():
    for name, call in {
        "NotFoundException": lambda: KMS.describe_key(KeyId="alias/none"),
        "InvalidArnException": lambda: KMS.describe_key(KeyId="arn:aws:s3:x:y:z/a"),
        "UnsupportedOperationException": lambda: KMS.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY"),
    }.items():
        try:
            call()
        except getattr(KMS.exceptions, name):
            continue
        raise AssertionError(f"no {name}")


@check("boto3: credentials")
def _():
    for code, overrides in {
        "InvalidSignatureException": {"credentials": {"secretAccessKey": "guessed"}},
        "UnrecognizedClientException": {"credentials": {"sessionToken": "guessed"}},
    }.items():
        expect(code, lambda overrides=overrides: client(**overrides).list_keys())
    expect("InvalidSignatureException", lambda: client(region="us-east-1").list_keys())
    expect("AccessDeniedException", lambda: client(credentials=CONFIG["nobody"]).list_keys())


@check("boto3: a certificate of an unknown authority is refused")
def _():
    try:
        client(verify=True).list_keys()
    except Exception as error:  # noqa: BLE001
        assert "SSL" in type(error).__name__, type(error).__name__
        return
    raise AssertionError("accepted")


def cli(*arguments, credentials=None):
    """`aws kms …`, as a person calls it."""
    used = {**CONFIG["credentials"], **(credentials or {})}
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": CONFIG["home"],
        "AWS_REGION": CONFIG["region"],
        "AWS_DEFAULT_REGION": CONFIG["region"],
        "AWS_CA_BUNDLE": CONFIG["ca_bundle"],
        "AWS_ENDPOINT_URL_KMS": CONFIG["endpoint"],
        "AWS_ACCESS_KEY_ID": used["accessKeyId"],
        "AWS_SECRET_ACCESS_KEY": used["secretAccessKey"],
        "AWS_PAGER": "",
        "AWS_MAX_ATTEMPTS": "1",
        **({"AWS_SESSION_TOKEN": used["sessionToken"]} if used["sessionToken"] else {}),
    }
    command = [sys.executable, "-m", "awscli", "kms", *arguments, "--output", "json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 and done.stdout else done.stderr


@check("AWS CLI: create-key, create-alias, describe-key, list-aliases")
def _():
    made = cli("create-key", "--description", "by the CLI")["KeyMetadata"]
    assert cli("create-alias", "--alias-name", "alias/cli", "--target-key-id", made["KeyId"]) == ""
    described = cli("describe-key", "--key-id", "alias/cli")["KeyMetadata"]
    assert described == made, described
    aliases = cli("list-aliases", "--key-id", made["KeyId"])["Aliases"]
    assert aliases[0]["AliasName"] == "alias/cli"
    assert made["KeyId"] in [key["KeyId"] for key in cli("list-keys")["Keys"]]


@check("AWS CLI: encrypt, decrypt, generate-data-key-pair-without-plaintext")
def _():
    plain, sealed = (os.path.join(CONFIG["home"], name) for name in ("plain", "sealed"))
    context = ["--encryption-context", "vault_id=v_1,tenant_id=default"]
    with open(plain, "wb") as file:
        file.write(b"by the CLI")
    answer = cli("encrypt", "--key-id", ARN, "--plaintext", f"fileb://{plain}", *context)
    with open(sealed, "wb") as file:
        file.write(base64.b64decode(answer["CiphertextBlob"]))
    opened = cli("decrypt", "--ciphertext-blob", f"fileb://{sealed}", *context)
    assert base64.b64decode(opened["Plaintext"]) == b"by the CLI", opened
    assert "(InvalidCiphertextException)" in cli("decrypt", "--ciphertext-blob", f"fileb://{sealed}")
    pair = cli("generate-data-key-pair-without-plaintext", "--key-id", ARN, "--key-pair-spec", "ECC_NIST_P384")
    assert pair["PublicKey"].startswith("MHYwEAYHKoZI"), pair


@check("AWS CLI: a refusal names principal, action and reason")
def _():
    error = cli("describe-key", "--key-id", ARN, credentials=CONFIG["nobody"])
    assert "(AccessDeniedException)" in error and "because no identity-based policy allows" in error, error
