// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import type { Suite } from '@enclave-vault/hpke';
import { importPublicKey } from '@enclave-vault/hpke/seal';
import { RecordsError } from './errors.ts';

/** Public keys that are kept, of the records that were sealed to last: about 3 KB each, most of it OpenSSL's. */
const KEPT = 1024;

// By the whole SPKI, which names its curve; a Map keeps the order of insertion.
const recent = new Map<string, KeyObject>();

/** A record's public key, imported once while it is among the last used. Throws `invalid_public_key`. */
export function recipientKey(suite: Suite, spki: Uint8Array): KeyObject {
  const id = `${suite.name}\0${Buffer.from(spki).toString('latin1')}`;
  let key = recent.get(id);
  if (key === undefined) {
    try {
      key = importPublicKey(suite, spki);
    } catch {
      throw new RecordsError('invalid_public_key');
    }
  }
  recent.delete(id);
  recent.set(id, key);
  const [oldest] = recent.keys();
  if (recent.size > KEPT && oldest !== undefined) recent.delete(oldest);
  return key;
}
