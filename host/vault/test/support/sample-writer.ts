// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { P384, type Suite, suiteId } from '@enclave-vault/hpke';
import { importPublicKey, setupSender } from '@enclave-vault/hpke/seal';
import type { ForeignRecord } from '../../src/import.ts';
import type { LocalKms } from './local-kms.ts';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** `v_` and a KSUID: 20 bytes in base 62, of which the first four are seconds. */
export function sampleId(): string {
  let rest = BigInt(`0x15${randomBytes(19).toString('hex')}`);
  let text = '';
  for (let i = 0; i < 27; i += 1) {
    text = `${BASE62[Number(rest % 62n)]}${text}`;
    rest /= 62n;
  }
  return `v_${text}`;
}

/** A record as the AWS sample writes it. @param encoding of its fields; `mixed`: one and the other */
export function sampleRecord(
  kms: LocalKms,
  values: Readonly<Record<string, string>>,
  { encoding = 1, suite = P384 }: { encoding?: 1 | 2 | 'mixed'; suite?: Suite } = {},
): ForeignRecord {
  const id = sampleId();
  const { publicKey, wrappedPrivateKey: wrappedKey } = kms.generateLegacyKeyPair(suite.curve);
  const key = importPublicKey(suite, publicKey);
  const fields = new Map<string, Uint8Array | string>();
  for (const [name, value] of Object.entries(values)) {
    const context = setupSender(suite, key, Buffer.from(id));
    const ciphertext = context.seal(Buffer.from(name.trim().toLowerCase()), Buffer.from(value));
    const hex = encoding === 1 || (encoding === 'mixed' && fields.size % 2 === 0);
    const binary = Buffer.concat([context.enc, ciphertext]);
    fields.set(name, hex ? `${context.enc.toString('hex')}#${ciphertext.toString('hex')}` : binary);
  }
  const created = 1_700_000_000_000_000;
  return { id, suite: suiteId(suite), publicKey, wrappedKey, created, modified: created + 1, fields };
}
