// SPDX-License-Identifier: Apache-2.0
import { P256, P384, P521, type Suite } from '@enclave-vault/hpke';
import { generateKeyPair, importPublicKey, setupSender } from '@enclave-vault/hpke/seal';
import { expect } from 'vitest';
import { RecordsError, type RecordsErrorCode } from '../src/index.ts';
import type { OpenedField } from '../src/open.ts';

export const SUITES: readonly Suite[] = [P256, P384, P521];
export const NAMED = SUITES.map((suite) => [suite.name, suite] as const);
export const IDENTITY = { tenant: 'default', vaultId: 'v_01HV1XW70Q03PHK892JFQAY0Z5' };
export const FAILED: OpenedField = { ok: false };

export const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8');

/** Runs `action`, which must throw a RecordsError of this code that carries nothing else. */
export function expectCode(code: RecordsErrorCode, action: () => unknown): void {
  let thrown: unknown;
  try {
    action();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(RecordsError);
  const error = thrown as RecordsError;
  expect([error.name, error.code, error.message, error.cause]).toEqual([
    'RecordsError',
    code,
    code,
    undefined,
  ]);
  expect(Object.keys(error).sort()).toEqual(['code', 'name']);
}

/** A record's key pair, in the forms that are stored. */
export function recordKey(suite: Suite): { spki: Buffer; pkcs8: Buffer } {
  const { publicKey, privateKey } = generateKeyPair(suite);
  return {
    spki: publicKey.export({ format: 'der', type: 'spki' }),
    pkcs8: privateKey.export({ format: 'der', type: 'pkcs8' }),
  };
}

/** Seals by hand in encoding 1 or 2, as the AWS sample did: a context for each field, plain text. */
export function sealOld(
  encoding: 1 | 2,
  suite: Suite,
  spki: Uint8Array,
  vaultId: string,
  name: string,
  plaintext: Uint8Array,
): string | Buffer {
  const context = setupSender(suite, importPublicKey(suite, spki), utf8(vaultId));
  const ciphertext = context.seal(utf8(name), plaintext);
  if (encoding === 2) return Buffer.concat([context.enc, ciphertext]);
  return `${context.enc.toString('hex')}#${ciphertext.toString('hex')}`;
}

/** Seals any plaintext by hand in encoding 3, so that a test can write what sealFields refuses to. */
export function sealRaw(suite: Suite, spki: Uint8Array, name: string, plaintext: Uint8Array): Buffer {
  const info = utf8(`enclave-vault/3\0${IDENTITY.tenant}\0${IDENTITY.vaultId}`);
  const context = setupSender(suite, importPublicKey(suite, spki), info);
  return Buffer.concat([Buffer.from([3, 0, 0]), context.enc, context.seal(utf8(name), plaintext)]);
}

/** The value of a map's key, which must be there. */
export function get<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const value = map.get(key);
  if (value === undefined) throw new Error('no such key');
  return value;
}
