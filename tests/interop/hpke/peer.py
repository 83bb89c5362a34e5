# SPDX-License-Identifier: Apache-2.0
"""The other side of run.heavy.ts: HPKE by hpke-py, and the record format of trusted/records/SPEC.md, written here from
that document alone.

Reads one JSON request a line on stdin, writes one JSON answer a line on stdout. Bytes travel as hex.
"""

import hashlib
import hmac
import json
import sys

import hpke.hpke as peer
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key


def suite(kem, kdf):
    return type("Suite", (peer._Suite,), {"KEM": kem, "KDF": kdf, "AEAD": peer._AES_256_GCM})


SUITES = {
    "P-256": suite(peer.DHKEM_P256_HKDF_SHA256, peer.HKDF_SHA256),
    "P-384": suite(peer.DHKEM_P384_HKDF_SHA384, peer.HKDF_SHA384),
    "P-521": suite(peer.DHKEM_P521_HKDF_SHA512, peer.HKDF_SHA512),
}
ENC_LENGTHS = {"P-256": 65, "P-384": 97, "P-521": 133}


def private_key(request):
    return load_der_private_key(bytes.fromhex(request["pkcs8"]), None)


def public_key(request):
    return load_der_public_key(bytes.fromhex(request["spki"]))


# RFC 9180


def seal(request):
    """Seals messages in order; returns enc, ciphertexts and an exported secret."""
    enc, context = SUITES[request["suite"]].setup_send(public_key(request), bytes.fromhex(request["info"]))
    sealed = [
        context.aead.seal(bytes.fromhex(aad), bytes.fromhex(text)).hex() for aad, text in request["messages"]
    ]
    return {"enc": enc.hex(), "sealed": sealed, "exported": context.export(b"interop", 77).hex()}


def open_messages(request):
    """Opens messages in order; null for one that doesn't open."""
    context = SUITES[request["suite"]].setup_recv(
        bytes.fromhex(request["enc"]), private_key(request), bytes.fromhex(request["info"])
    )
    texts = []
    for aad, ciphertext in request["sealed"]:
        try:
            texts.append(context.aead.open(bytes.fromhex(aad), bytes.fromhex(ciphertext)).hex())
        except Exception:  # noqa: BLE001 - whatever the peer raises, it did not open
            texts.append(None)
    return {"texts": texts, "exported": context.export(b"interop", 77).hex()}


# SPEC.md


def pad(plaintext):
    padded = plaintext + b"\x80"
    return padded + bytes(-len(padded) % 32)


def unpad(padded):
    assert len(padded) % 32 == 0
    end = padded.rindex(b"\x80")
    assert len(padded) - end <= 32 and not any(padded[end + 1 :])
    return padded[:end]


def info3(request):
    return b"\0".join([b"enclave-vault/3", request["tenant"].encode(), request["vault_id"].encode()])


def seal_fields(request):
    """Encoding 3 of one write."""
    enc, context = SUITES[request["suite"]].setup_send(public_key(request), info3(request))
    sealed = {}
    for seq, name in enumerate(sorted(request["fields"])):
        ciphertext = context.aead.seal(name.encode(), pad(request["fields"][name].encode()))
        sealed[name] = (b"\x03" + seq.to_bytes(2, "big") + enc + ciphertext).hex()
    return {"sealed": sealed}


def seal_old(request):
    """Encodings 1 and 2: a context a field, bare text."""
    one, two = {}, {}
    for name, text in request["fields"].items():
        for target in (one, two):
            info = request["vault_id"].encode()
            enc, context = SUITES[request["suite"]].setup_send(public_key(request), info)
            ciphertext = context.aead.seal(name.encode(), text.encode())
            target[name] = f"{enc.hex()}#{ciphertext.hex()}" if target is one else (enc + ciphertext).hex()
    return {"one": one, "two": two}


def open_fields(request):
    """Opens encoding 3: a context for each enc, the sequence number set from the value."""
    length = ENC_LENGTHS[request["suite"]]
    contexts = {}
    opened = {}
    for name, value in request["sealed"].items():
        value = bytes.fromhex(value)
        assert value[0] == 3
        enc = value[3 : 3 + length]
        if enc not in contexts:
            contexts[enc] = SUITES[request["suite"]].setup_recv(enc, private_key(request), info3(request))
        contexts[enc].aead.seq = int.from_bytes(value[1:3], "big")
        opened[name] = unpad(contexts[enc].aead.open(name.encode(), value[3 + length :])).decode()
    return {"opened": opened}


def cbor(value):
    """Canonical CBOR (RFC 8949 section 4.2.1) of what a MAC message is made of."""

    def head(major, n):
        if n < 24:
            return bytes([major << 5 | n])
        for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
            if n < 256**size:
                return bytes([major << 5 | code]) + n.to_bytes(size, "big")
        raise ValueError

    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    return head(4, len(value)) + b"".join(cbor(item) for item in value)


def record_mac(request):
    def digest(value):
        return hashlib.sha256(value).digest()

    record = request["record"]
    fields = {name: bytes.fromhex(value) for name, value in record["fields"].items()}
    fields.update({name: value.encode() for name, value in record["old_fields"].items()})
    message = [
        "enclave-vault/record/1",
        record["id"],
        record["tenant"],
        bytes.fromhex(record["hs"]),
        bytes.fromhex(record["pk"]),
        digest(bytes.fromhex(record["sk"])),
        record["kk"],
        record["sv"],
        record["rev"],
        [[name, digest(fields[name])] for name in sorted(fields)],
    ]
    return {"mac": hmac.new(bytes.fromhex(request["key"]), cbor(message), "sha256").hexdigest()}


ACTIONS = {
    "seal": seal,
    "open": open_messages,
    "seal_fields": seal_fields,
    "seal_old": seal_old,
    "open_fields": open_fields,
    "mac": record_mac,
}

if __name__ == "__main__":
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = ACTIONS[asked["do"]](asked)
        except Exception as error:  # noqa: BLE001 - the caller counts it as a failure
            answer = {"error": type(error).__name__}
        print(json.dumps(answer), flush=True)
