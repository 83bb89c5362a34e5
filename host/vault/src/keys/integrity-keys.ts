// SPDX-License-Identifier: Apache-2.0
import { createSecretKey, type KeyObject } from 'node:crypto';
import { VaultOpenError } from '../errors.ts';
import { INTEGRITY_PURPOSES, type IntegrityPurpose, KmsError, type VaultKms } from '../ports/kms.ts';
import { type Store, StoreConflict } from '../ports/store.ts';

/** HMAC-SHA-256 keys of the deployment, one for each purpose. */
export type IntegrityKeys = Readonly<Record<IntegrityPurpose, KeyObject>>;

export const SYSTEM_PARTITION = 'SYSTEM';
const KEY_BYTES = 32;

/** What only a vault that has its keys can have written. */
const OWN_PREFIXES = ['VAULT##', 'LOG##', 'KEY##'];

/**
 * Unwraps the stored integrity keys. An empty store gets new ones; a store that has records and lacks a key does
 * not: with a new key nothing in it would authenticate any more, and nobody would know why.
 * @throws {VaultOpenError} `integrity_key_missing`, `integrity_key_refused`
 * @throws {KmsError} `throttled` or `unavailable`
 */
export async function openIntegrityKeys(store: Store, kms: VaultKms): Promise<IntegrityKeys> {
  let wrapped = await readAll(store);
  if (wrapped.every((key) => key === undefined) && (await isUnused(store))) await createKeys(store, kms);
  // Read again, whatever was found: another process may have opened the empty store at the same time.
  if (wrapped.includes(undefined)) wrapped = await readAll(store);
  const missing = INTEGRITY_PURPOSES.filter((_, index) => wrapped[index] === undefined);
  if (missing.length > 0) {
    throw new VaultOpenError('integrity_key_missing', `no integrity key for ${missing.join(', ')}`);
  }
  const key = async (purpose: IntegrityPurpose): Promise<KeyObject> => {
    return await unwrap(kms, wrapped[INTEGRITY_PURPOSES.indexOf(purpose)] ?? new Uint8Array(), purpose);
  };
  const [record, audit, system] = await Promise.all([key('record'), key('audit'), key('system')]);
  return { record, audit, system };
}

async function readAll(store: Store): Promise<(Uint8Array | undefined)[]> {
  return await Promise.all(INTEGRITY_PURPOSES.map((purpose) => readWrapped(store, purpose)));
}

const sortKey = (purpose: IntegrityPurpose): string => `integrity-key#${purpose}`;

async function readWrapped(store: Store, purpose: IntegrityPurpose): Promise<Uint8Array | undefined> {
  const item = await store.get(SYSTEM_PARTITION, sortKey(purpose));
  if (item === undefined) return undefined;
  const { wrapped } = item;
  if (!(wrapped instanceof Uint8Array)) throw refused(purpose);
  return wrapped;
}

async function isUnused(store: Store): Promise<boolean> {
  for (const prefix of OWN_PREFIXES) {
    let after: string | null = null;
    do {
      const options = { limit: 1, keysOnly: true, ...(after === null ? {} : { after }) };
      const page = await store.scan(prefix, options);
      if (page.items.length > 0) return false;
      after = page.next;
    } while (after !== null);
  }
  return true;
}

async function createKeys(store: Store, kms: VaultKms): Promise<void> {
  const made = await Promise.all(INTEGRITY_PURPOSES.map((purpose) => kms.generateIntegrityKey(purpose)));
  for (const { key } of made) key.fill(0);
  const operations = made.map(({ wrapped }, index) => {
    const sk = sortKey(INTEGRITY_PURPOSES[index] ?? 'record');
    return { put: { pk: SYSTEM_PARTITION, sk, wrapped }, if: { absent: true } as const };
  });
  try {
    await store.transact(operations);
  } catch (error) {
    // Another process was first: its keys are the keys.
    if (!(error instanceof StoreConflict)) throw error;
  }
}

async function unwrap(kms: VaultKms, wrapped: Uint8Array, purpose: IntegrityPurpose): Promise<KeyObject> {
  let plain: Uint8Array;
  try {
    plain = await kms.unwrapIntegrityKey(wrapped, purpose);
  } catch (cause) {
    const passing = cause instanceof KmsError && (cause.code === 'throttled' || cause.code === 'unavailable');
    throw passing ? cause : refused(purpose, cause);
  }
  if (plain.byteLength !== KEY_BYTES) throw refused(purpose);
  const key = createSecretKey(plain);
  plain.fill(0);
  return key;
}

function refused(purpose: IntegrityPurpose, cause?: unknown): VaultOpenError {
  return new VaultOpenError('integrity_key_refused', `the integrity key for ${purpose} does not unwrap`, {
    cause,
  });
}
