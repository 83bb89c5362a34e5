# SPDX-License-Identifier: Apache-2.0
"""Writes trusted/records/test/vectors/records.json: records sealed by peer.py, that is by hpke-py after SPEC.md.

Run with the interpreter that run.heavy.ts installs: .cache/hpke-py/bin/python tests/interop/hpke/make_vectors.py
Keys and encapsulations are fresh each time, so a new file differs from the old one and says the same.
"""

import json
import pathlib

import peer
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

TARGET = pathlib.Path(__file__).parents[3] / "trusted/records/test/vectors/records.json"
SUITE_IDS = {"P-256": "48504b45001000010002", "P-384": "48504b45001100020002", "P-521": "48504b45001200030002"}
FIELDS = {"dob": '"1990-02-28"', "first_name": '"Zoë"', "ssn9": '"123456789"', "visits": "12"}


def raw(common, name, plaintext, seq=0, seal_as=0):
    """One value of encoding 3 around any plaintext, sealed as one message and announced as another."""
    enc, context = peer.SUITES[common["suite"]].setup_send(peer.public_key(common), peer.info3(common))
    context.aead.seq = seal_as
    return (b"\x03" + seq.to_bytes(2, "big") + enc + context.aead.seal(name.encode(), plaintext)).hex()


def refused(common, sealed, old):
    padded = peer.pad(b'"x"')
    cases = [
        ("sealed under another field's name", "first_name", sealed["dob"]),
        ("sealed for another tenant", "dob", raw({**common, "tenant": "other"}, "dob", padded)),
        ("sealed for another vault", "dob", raw({**common, "vault_id": common["vault_id"][:-1] + "6"}, "dob", padded)),
        ("another sequence number than announced", "dob", raw(common, "dob", padded, seq=1)),
        ("the low byte of the sequence number alone", "dob", raw(common, "dob", padded, seq=0, seal_as=256)),
        ("no padding", "dob", raw(common, "dob", b'"x"')),
        ("no 0x80", "dob", raw(common, "dob", b'"x"' + bytes(29))),
        ("a whole block of padding too much", "dob", raw(common, "dob", padded + bytes(32))),
        ("no JSON text", "dob", raw(common, "dob", peer.pad(b"Bob"))),
        ("no UTF-8", "dob", raw(common, "dob", peer.pad(b'"\xff"'))),
        ("a byte short", "dob", sealed["dob"][:-2]),
        ("encoding 2 behind the head of encoding 3", "city", "030000" + old["two"]["city"]),
    ]
    return [{"why": why, "field": field, "value": value} for why, field, value in cases]


def vector(name):
    key = peer.SUITES[name].KEM.generate_private_key()
    pkcs8 = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()).hex()
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo).hex()
    common = {"suite": name, "tenant": "acme", "vault_id": "v_01HV1XW70Q03PHK892JFQAY0Z5", "pkcs8": pkcs8, "spki": spki}
    sealed = peer.seal_fields({**common, "fields": FIELDS})["sealed"]
    old = peer.seal_old({**common, "fields": {"city": "Zürich"}})
    record = {
        "id": common["vault_id"],
        "tenant": "acme",
        "hs": SUITE_IDS[name],
        "pk": spki,
        "sk": "00112233",
        "kk": "arn:aws:kms:us-east-1:111122223333:key/k",
        "sv": 1,
        "rev": 2,
        "fields": sealed,
        "old_fields": {"city": old["one"]["city"]},
    }
    return {
        **common,
        "fields": FIELDS,
        "encoding_3": sealed,
        "text": "Zürich",
        "encoding_1": old["one"],
        "encoding_2": old["two"],
        "refused": refused(common, sealed, old),
        "mac_key": "11" * 32,
        "mac_record": record,
        "mac": peer.record_mac({"key": "11" * 32, "record": record})["mac"],
    }


if __name__ == "__main__":
    source = "tests/interop/hpke/make_vectors.py: hpke-py after SPEC.md; not written by the code under test"
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"source": source, "vectors": [vector(name) for name in peer.SUITES]}, indent=1, ensure_ascii=False)
    TARGET.write_text(text + "\n")
