// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Budget, differences } from './support/compare.ts';
import { countRoutes } from './support/measure.ts';

const BUDGET = JSON.parse(readFileSync(join(import.meta.dirname, 'routes.json'), 'utf8')) as Budget;

describe('what each route costs', () => {
  let counted: Budget;
  beforeAll(async () => {
    counted = await countRoutes();
    // A hook has no second attempt; what really grew grows twice.
    if (differences(BUDGET, counted).length > 0) counted = await countRoutes();
  });

  it('in calls of KMS, store, sink and enclave, in what is written and in public-key cryptography, is its budget', () => {
    expect(differences(BUDGET, counted)).toEqual([]);
  });

  it('of KMS is nothing where a create has its pair ready, or the enclave its key', () => {
    expect(counted['create, no pair ready']?.kms).toEqual({ GenerateDataKeyPairWithoutPlaintext: 1 });
    expect(counted['create, a pair ready']).not.toHaveProperty('kms');
    expect(counted['decrypt 12 fields']?.kms).toEqual({ 'Decrypt, attested': 1 });
    expect(counted['decrypt 12 fields, hot']).not.toHaveProperty('kms');
  });

  it('of twelve fields is one encapsulation and one ECDH, as of one field', () => {
    expect(counted['create, a pair ready']?.['api crypto']).toMatchObject({ ecdh: 1, 'key pair': 1 });
    for (const route of ['decrypt 1 field', 'decrypt 12 fields'])
      expect(counted[route]?.['enclave crypto']).toMatchObject({ ecdh: 1, 'rsa decrypt': 1 });
  });

  it('is nothing but one read where somebody asks what there is', () => {
    expect(counted.get).toEqual({ store: { get: 1 } });
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
