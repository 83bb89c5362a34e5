// SPDX-License-Identifier: Apache-2.0
import { createHmac, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { encapsulateWith } from '../src/encapsulate.ts';
import { P384, type Suite } from '../src/index.ts';
import { ecdh, kemSharedSecret } from '../src/kem.ts';
import { importPrivateKey, setupRecipient } from '../src/open.ts';
import { pointToKey } from '../src/public-key.ts';
import { computeNonce, exportSecret, keySchedule } from '../src/schedule.ts';
import { importPublicKey, SenderContext } from '../src/seal.ts';
import { hex, keyPairFromVector, pkcs8, readVectors, SUITES, spki, type Vector } from './support.ts';

// RFC 9180's published base-mode vectors for P-256 and P-521: 2 KEMs x 2 KDFs x 3 AEADs = 12. The three suites of
// this package meet two of them in full. The other ten still check what they share with ours, and no more:
//   - same KDF, another AEAD (4): KEM, then base nonce, exporter secret and exports; and the key where it is as long
//   - another KDF (6): the KEM's shared secret
const RFC = readVectors('hpke-rfc9180-base.json');
const P384_VECTORS = readVectors('hpke-p384.json');

function suiteOfKem(vector: Vector): Suite {
  const suite = SUITES.find((candidate) => candidate.kemId === vector.kem_id);
  if (suite === undefined) throw new Error(`no suite with KEM ${vector.kem_id}`);
  return suite;
}

const isOurs = (vector: Vector): boolean =>
  suiteOfKem(vector).kdfId === vector.kdf_id && vector.aead_id === suiteOfKem(vector).aeadId;
const sharesKdf = (vector: Vector): boolean => suiteOfKem(vector).kdfId === vector.kdf_id;

const full = RFC.filter(isOurs);
const schedules = RFC.filter((vector) => sharesKdf(vector) && !isOurs(vector));
const kemOnly = RFC.filter((vector) => !sharesKdf(vector));

const title = (vector: Vector): string => `kem ${vector.kem_id} kdf ${vector.kdf_id} aead ${vector.aead_id}`;

function recipientKey(vector: Vector) {
  const suite = suiteOfKem(vector);
  return importPrivateKey(suite, pkcs8(suite, hex(vector.skRm), { point: hex(vector.pkRm) }));
}

function sharedSecretOfRecipient(vector: Vector): KeyObject {
  const suite = suiteOfKem(vector);
  const enc = pointToKey(suite, hex(vector.enc));
  if (enc === undefined) throw new Error('enc refused');
  const dh = ecdh({ privateKey: recipientKey(vector), publicKey: enc });
  if (dh === undefined) throw new Error('no ECDH');
  return kemSharedSecret(suite, dh, hex(vector.enc + vector.pkRm));
}

function encapsulateAsPrinted(vector: Vector) {
  const suite = suiteOfKem(vector);
  const ephemeral = keyPairFromVector(suite, vector.skEm ?? '', vector.pkEm ?? '');
  const { keys, finish } = encapsulateWith(
    suite,
    importPublicKey(suite, spki(suite, hex(vector.pkRm))),
    ephemeral,
  );
  return finish(ecdh(keys));
}

/** Every ciphertext of a vector, opened out of order; its sequence number is what its printed nonce says. */
function openEncryptions(vector: Vector): void {
  const suite = suiteOfKem(vector);
  const context = setupRecipient(suite, hex(vector.enc), recipientKey(vector), hex(vector.info));
  const base = BigInt(`0x${vector.base_nonce}`);
  for (const message of [...vector.encryptions].reverse()) {
    const seq = Number(BigInt(`0x${message.nonce}`) ^ base);
    expect(context.openAt(seq, hex(message.aad), hex(message.ct)).toString('hex')).toBe(message.pt);
  }
}

test('the counts that the comment above states', () => {
  expect([RFC.length, full.length, schedules.length, kemOnly.length]).toEqual([12, 2, 4, 6]);
  expect(full.map(title)).toEqual(['kem 16 kdf 1 aead 2', 'kem 18 kdf 3 aead 2']);
  expect(full.flatMap((vector) => vector.encryptions).length).toBe(12);
  expect(P384_VECTORS.length).toBe(1);
});

describe.each(full.map((vector) => [title(vector), vector] as const))('whole vector, %s', (_, vector) => {
  const suite = suiteOfKem(vector);

  test('the recipient opens each message and exports each value', () => {
    openEncryptions(vector);
    const context = setupRecipient(suite, hex(vector.enc), recipientKey(vector), hex(vector.info));
    for (const item of vector.exports ?? []) {
      expect(context.export(hex(item.exporter_context), item.L).toString('hex')).toBe(item.exported_value);
    }
    expect(vector.exports?.length).toBe(3);
  });

  test('the sender, given the printed ephemeral key, writes the same bytes', () => {
    const { enc, sharedSecret } = encapsulateAsPrinted(vector);
    expect(enc.toString('hex')).toBe(vector.enc);
    expect(sharedSecret.export().toString('hex')).toBe(vector.shared_secret);
    const sender = new SenderContext(enc, keySchedule(suite, sharedSecret, hex(vector.info)));
    const sealed = new Map<number, string>();
    const wanted = vector.encryptions.map((message) => ({
      ...message,
      seq: Number(BigInt(`0x${message.nonce}`) ^ BigInt(`0x${vector.base_nonce}`)),
    }));
    for (let seq = 0; seq <= Math.max(...wanted.map((message) => message.seq)); seq++) {
      const message = wanted.find((candidate) => candidate.seq === seq) ?? { aad: '', pt: '' };
      sealed.set(seq, sender.seal(hex(message.aad), hex(message.pt)).toString('hex'));
    }
    expect(wanted.map((message) => sealed.get(message.seq))).toEqual(wanted.map((message) => message.ct));
    for (const item of vector.exports ?? []) {
      expect(sender.export(hex(item.exporter_context), item.L).toString('hex')).toBe(item.exported_value);
    }
  });

  test('the key schedule holds the printed values', () => {
    const keys = keySchedule(suite, encapsulateAsPrinted(vector).sharedSecret, hex(vector.info));
    expect(keys.key.export().toString('hex')).toBe(vector.key);
    expect(keys.baseNonce.toString('hex')).toBe(vector.base_nonce);
    expect(keys.exporterSecret().export().toString('hex')).toBe(vector.exporter_secret);
    for (const message of vector.encryptions) {
      const seq = Number(BigInt(`0x${message.nonce}`) ^ BigInt(`0x${vector.base_nonce}`));
      expect(computeNonce(keys, seq).toString('hex')).toBe(message.nonce);
    }
  });
});

describe.each(schedules.map((vector) => [title(vector), vector] as const))(
  'KEM and schedule, %s',
  (_, vector) => {
    test('shared secret, base nonce, exporter and exports', () => {
      expect(sharedSecretOfRecipient(vector).export().toString('hex')).toBe(vector.shared_secret);
      const { enc, sharedSecret } = encapsulateAsPrinted(vector);
      expect(enc.toString('hex')).toBe(vector.enc);
      // Only here: the schedule of a suite the package doesn't offer.
      const other: Suite = { ...suiteOfKem(vector), aeadId: vector.aead_id };
      const keys = keySchedule(other, sharedSecret, hex(vector.info));
      expect(keys.baseNonce.toString('hex')).toBe(vector.base_nonce);
      expect(keys.exporterSecret().export().toString('hex')).toBe(vector.exporter_secret);
      if (vector.key.length === 64) expect(keys.key.export().toString('hex')).toBe(vector.key);
      for (const item of vector.exports ?? []) {
        expect(exportSecret(keys, hex(item.exporter_context), item.L).toString('hex')).toBe(
          item.exported_value,
        );
      }
    });
  },
);

describe.each(kemOnly.map((vector) => [title(vector), vector] as const))('KEM, %s', (_, vector) => {
  test('shared secret on both sides', () => {
    expect(sharedSecretOfRecipient(vector).export().toString('hex')).toBe(vector.shared_secret);
    expect(encapsulateAsPrinted(vector).sharedSecret.export().toString('hex')).toBe(vector.shared_secret);
  });
});

describe('P-384, from the Caliptra project', () => {
  test.each(P384_VECTORS)('opens, and its schedule holds the printed values', (vector) => {
    // No ephemeral private key is printed that fits `enc`, so this one goes in the recipient's direction only.
    openEncryptions(vector);
    const secret = sharedSecretOfRecipient(vector);
    expect(secret.export().toString('hex')).toBe(vector.shared_secret);
    const keys = keySchedule(P384, secret, hex(vector.info));
    expect(keys.key.export().toString('hex')).toBe(vector.key);
    expect(keys.baseNonce.toString('hex')).toBe(vector.base_nonce);
    expect(keys.exporterSecret().export().toString('hex')).toBe(vector.exporter_secret);
  });

  test('fails when a byte of its shared inputs differs: the vector can fail', () => {
    const [vector] = P384_VECTORS;
    if (vector === undefined) throw new Error('no vector');
    const info = Buffer.concat([hex(vector.info), Buffer.from([0])]);
    const context = setupRecipient(P384, hex(vector.enc), recipientKey(vector), info);
    const [message] = vector.encryptions;
    expect(() => context.openAt(0, hex(message?.aad ?? ''), hex(message?.ct ?? ''))).toThrow('open_failed');
  });
});

describe('DeriveKeyPair of RFC 9180 section 7.1.3, written here from the RFC', () => {
  // Not part of the package (keys come from KMS or a generator); it checks the printed keys against their seeds, and
  // with the P-521 bitmask that importPrivateKey takes a scalar whose top byte is 0 or 1.
  const hmac = (hash: string, key: Buffer, ...parts: Buffer[]): Buffer =>
    createHmac(hash, key).update(Buffer.concat(parts)).digest();

  test.each(RFC.map((vector) => [title(vector), vector] as const))('%s', (_, vector) => {
    const suite = suiteOfKem(vector);
    const label = (text: string): Buffer =>
      Buffer.concat([Buffer.from('HPKE-v1KEM'), Buffer.from([0, suite.kemId]), Buffer.from(text)]);
    const prk = hmac(suite.hash, Buffer.alloc(0), label('dkp_prk'), hex(vector.ikmR ?? ''));
    const info = Buffer.concat([Buffer.from([0, suite.scalarLength]), label('candidate'), Buffer.from([0])]);
    const first = hmac(suite.hash, prk, info, Buffer.from([1]));
    const second = hmac(suite.hash, prk, first, info, Buffer.from([2]));
    const candidate = Buffer.concat([first, second]).subarray(0, suite.scalarLength);
    candidate[0] = (candidate[0] ?? 0) & (suite.name === 'P-521' ? 0x01 : 0xff);
    expect(candidate.toString('hex')).toBe(vector.skRm);
  });
});
