# SPDX-License-Identifier: Apache-2.0
"""hpke-py as a candidate of bench/crypto.ts, which says on stdin what to do, a line each, and gets a line back: the
protocol is that of rust/src/main.rs, without `rate`.
"""

import sys
from time import perf_counter_ns

import hpke.hpke as peer
from cryptography.hazmat.primitives.asymmetric import ec


def suite(kem, kdf):
    return type("Suite", (peer._Suite,), {"KEM": kem, "KDF": kdf, "AEAD": peer._AES_256_GCM})


SUITES = {
    "P-256": (suite(peer.DHKEM_P256_HKDF_SHA256, peer.HKDF_SHA256), ec.SECP256R1()),
    "P-384": (suite(peer.DHKEM_P384_HKDF_SHA384, peer.HKDF_SHA384), ec.SECP384R1()),
    "P-521": (suite(peer.DHKEM_P521_HKDF_SHA512, peer.HKDF_SHA512), ec.SECP521R1()),
}


class Subject:
    """What a round needs; the keys are read beforehand."""

    def __init__(self, words):
        words = iter(words)
        self.suite, self.curve = SUITES[next(words)]
        self.private_key = ec.derive_private_key(int(next(words), 16), self.curve)
        self.public_key = ec.EllipticCurvePublicKey.from_encoded_point(self.curve, bytes.fromhex(next(words)))
        self.info, self.text = bytes.fromhex(next(words)), bytes.fromhex(next(words))
        count = int(next(words))
        rest = [bytes.fromhex(word) for word in words]
        self.aads, rest = rest[:count], rest[count:]
        self.enc, self.sealed, rest = rest[0], rest[1 : count + 1], rest[count + 1 :]
        self.each = list(zip(rest[::2], rest[1::2]))
        assert len(self.aads) == len(self.sealed) == len(self.each) == count

    def check(self, opened):
        assert opened == self.text, "it opened to something else"


def open_shared(subject):
    context = subject.suite.setup_recv(subject.enc, subject.private_key, subject.info)
    for aad, ciphertext in zip(subject.aads, subject.sealed):
        subject.check(context.aead.open(aad, ciphertext))


def open_each(subject):
    for aad, (enc, ciphertext) in zip(subject.aads, subject.each):
        context = subject.suite.setup_recv(enc, subject.private_key, subject.info)
        subject.check(context.aead.open(aad, ciphertext))


def seal_shared(subject):
    _, context = subject.suite.setup_send(subject.public_key, subject.info)
    for aad in subject.aads:
        context.aead.seal(aad, subject.text)


def seal_each(subject):
    for aad in subject.aads:
        _, context = subject.suite.setup_send(subject.public_key, subject.info)
        context.aead.seal(aad, subject.text)


def ecdh(subject):
    point = ec.EllipticCurvePublicKey.from_encoded_point(subject.curve, subject.enc)
    subject.private_key.exchange(ec.ECDH(), point)


def generate(subject):
    ec.generate_private_key(subject.curve).public_key()


WORK = {
    "open-shared": open_shared,
    "open-each": open_each,
    "seal-shared": seal_shared,
    "seal-each": seal_each,
    "ecdh": ecdh,
    "generate": generate,
}


def run(subject, work, rounds):
    times = []
    for _ in range(rounds):
        start = perf_counter_ns()
        work(subject)
        times.append(str(perf_counter_ns() - start))
    return " ".join(times)


def main():
    subject = None
    for line in sys.stdin:
        what, *words = line.split()
        if what == "load":
            subject = Subject(words)
            answer = "ok"
        else:
            answer = run(subject, WORK[words[0]], int(words[1]))
        print(answer, flush=True)


main()
