// SPDX-License-Identifier: Apache-2.0
import { AsyncLocalStorage } from 'node:async_hooks';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import type { Tally } from './tally.ts';

/** Whose work runs. What is done for others in the same process, KMS and hypervisor, is nobody's. */
export type Side = 'api' | 'enclave';
const side = new AsyncLocalStorage<Side | undefined>();

/** Runs work of one side: what it begins is counted for it, however late it happens. */
export const on = <T>(of: Side, work: () => T): T => side.run(of, work);

/** Runs what is done for neither, or beforehand: nothing of it is counted, whoever asked for it. */
export const asNobody = <T>(work: () => T): T => side.run(undefined, work);

/**
 * Functions of node:crypto, by what they are counted as. First those of public keys, that cost more than all others of a request together; then those
 * that are called so often that a few more are seen in no measurement: what is authenticated a second time (ADR 39), or a key that is derived for each field.
 */
const COUNTED = {
  diffieHellman: 'ecdh',
  privateDecrypt: 'rsa decrypt',
  generateKeyPair: 'key pair',
  generateKeyPairSync: 'key pair',
  createPrivateKey: 'key parse',
  createPublicKey: 'key parse',
  createHmac: 'hmac',
  hkdf: 'hkdf',
  hkdfSync: 'hkdf',
  createCipheriv: 'encryption',
  createDecipheriv: 'decryption',
  createHash: 'hash',
  hash: 'hash',
} as const;

/**
 * Counts calls of node:crypto from here on, in whatever module: the bindings of modules that were loaded before follow (module.syncBuiltinESMExports).
 * @returns what takes it back
 */
export function countCrypto(tally: Tally): () => void {
  const all = crypto as unknown as Record<string, (...args: readonly unknown[]) => unknown>;
  const genuine = Object.keys(COUNTED).map((name) => [name, all[name]] as const);
  for (const [name, what] of Object.entries(COUNTED)) {
    const original = all[name];
    if (original === undefined) throw new Error(`node:crypto has no ${name}`);
    all[name] = (...args) => {
      const of = side.getStore();
      if (of !== undefined) tally.add(`${of} crypto`, what);
      return original(...args);
    };
  }
  syncBuiltinESMExports();
  return () => {
    for (const [name, original] of genuine) if (original !== undefined) all[name] = original;
    syncBuiltinESMExports();
  };
}
