// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Budget, differences } from './support/compare.ts';
import { type Counted, countRoutes } from './support/measure.ts';

const BUDGET = JSON.parse(readFileSync(join(import.meta.dirname, 'routes.json'), 'utf8')) as Budget;

describe('what each route costs', () => {
  let counted: Budget;
  let uncounted: Counted['uncounted'];
  beforeAll(async () => {
    ({ counted, uncounted } = await countRoutes());
    // A hook has no second attempt; what really grew grows twice.
    if (differences(BUDGET, counted).length > 0) ({ counted, uncounted } = await countRoutes());
  });

  it('in calls of KMS, store, sink and enclave, in what is written and in cryptography, is its budget', () => {
    expect(differences(BUDGET, counted)).toEqual([]);
  });

  it('is counted of every route of the API, as a document and as a stream', () => {
    expect(uncounted).toEqual([]);
  });

  it('of KMS is nothing where a create has its pair ready, or the enclave its key', () => {
    expect(counted['create, no pair ready']?.kms).toEqual({ GenerateDataKeyPairWithoutPlaintext: 1 });
    expect(counted['create, a pair ready']).not.toHaveProperty('kms');
    expect(counted['decrypt 12 fields']?.kms).toEqual({ 'Decrypt, attested': 1 });
    expect(counted['decrypt 12 fields, hot']).not.toHaveProperty('kms');
    expect(counted['decrypt 12 fields, hot, but fresh']?.kms).toEqual({ 'Decrypt, attested': 1 });
  });

  it('of twelve fields is one encapsulation and one ECDH, as of one field', () => {
    expect(counted['create, a pair ready']?.['api crypto']).toMatchObject({ ecdh: 1, 'key pair': 1 });
    for (const route of ['decrypt 1 field', 'decrypt 12 fields'])
      expect(counted[route]?.['enclave crypto']).toMatchObject({ ecdh: 1, 'rsa decrypt': 1 });
  });

  it('is one hash, of who asks, and one read where somebody asks again what there is', () => {
    expect(counted['get, read before']).toEqual({ 'api crypto': { hash: 1 }, store: { get: 1 } });
  });

  it('in the API is less by a MAC, and a hash a value, for a record that was read before, and by a MAC for a chain that was (ADR 39)', () => {
    const [before, here, elsewhere] = [
      'decrypt 12 fields, read before',
      'decrypt 12 fields',
      'decrypt 12 fields, written by another process',
    ].map((route) => counted[route]?.['api crypto'] ?? {});
    // Of thirteen values, one of them derived, and of the wrapped key.
    expect(here).toEqual({ ...before, hmac: (before?.hmac ?? 0) + 1, hash: (before?.hash ?? 0) + 14 });
    expect(elsewhere).toEqual({ ...here, hmac: (here?.hmac ?? 0) + 1 });
    // The entry of the decryption itself.
    expect(before?.hmac).toBe(1);
  });

  it('as a stream is what it is as a document', () => {
    const batches = Object.keys(counted).filter((route) => route.includes('a batch of'));
    expect(batches).toHaveLength(3);
    for (const batch of batches)
      expect([batch, counted[batch.replace('a batch', 'a stream')]]).toEqual([batch, counted[batch]]);
  });
});

describe('a budget', () => {
  const budget: Budget = { get: { store: { get: 1 } }, gone: {} };

  it('says by name what grew, what was saved, what is new and what is gone', () => {
    const counted: Budget = { get: { store: { get: 2 }, kms: { Decrypt: 1 } }, added: {} };
    const lines = differences(budget, counted).map((line) => line.replace(/; npm run .*/, ''));
    expect(lines).toEqual([
      'get: store, get: grew from 1 to 2',
      'get: kms, Decrypt: grew from 0 to 1',
      'gone: is in the budget and is not counted any more',
      'added: has no budget',
    ]);
    expect(differences({ get: { store: { get: 3 } } }, { get: { store: { get: 1 } } })[0]).toMatch(
      /^get: store, get: 1 in place of 3: good/,
    );
  });

  it('is kept by what costs as much', () => {
    expect(differences(budget, { get: { store: { get: 1 } }, gone: {} })).toEqual([]);
  });
});
