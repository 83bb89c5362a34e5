// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { P256, P384, P521 } from '@enclave-vault/hpke';
import { describe, expect, test } from 'vitest';
import { encodingOf, recordMac } from '../src/index.ts';
import { openFields } from '../src/open.ts';
import { FAILED } from './support.ts';

// Records that another implementation sealed: hpke-py, and a Python reading of SPEC.md. Each refused value names its
// reason; nothing but that differs from a value that opens.

interface Vector {
  readonly suite: string;
  readonly tenant: string;
  readonly vault_id: string;
  readonly pkcs8: string;
  readonly fields: Record<string, string>;
  readonly encoding_3: Record<string, string>;
  readonly text: string;
  readonly encoding_1: Record<string, string>;
  readonly encoding_2: Record<string, string>;
  readonly refused: readonly { readonly why: string; readonly field: string; readonly value: string }[];
  readonly mac_key: string;
  readonly mac_record: {
    readonly id: string;
    readonly tenant: string;
    readonly hs: string;
    readonly pk: string;
    readonly sk: string;
    readonly kk: string;
    readonly sv: number;
    readonly rev: number;
    readonly fields: Record<string, string>;
    readonly old_fields: Record<string, string>;
  };
  readonly mac: string;
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const hexMap = (values: Record<string, string>): Map<string, Uint8Array | string> =>
  new Map(Object.entries(values).map(([name, value]) => [name, hex(value)]));

const { vectors }: { vectors: Vector[] } = JSON.parse(
  readFileSync(new URL('./vectors/records.json', import.meta.url), 'utf8'),
);

test('one vector a suite, twelve refused values each', () => {
  expect(vectors.map(({ suite }) => suite)).toEqual(['P-256', 'P-384', 'P-521']);
  expect(vectors.map(({ refused }) => refused.length)).toEqual([12, 12, 12]);
});

describe.each(vectors.map((vector) => [vector.suite, vector] as const))('%s', (name, vector) => {
  const suite = [P256, P384, P521].find((candidate) => candidate.name === name) ?? P384;
  const open = (sealed: ReadonlyMap<string, Uint8Array | string>) =>
    openFields({ tenant: vector.tenant, vaultId: vector.vault_id }, suite, hex(vector.pkcs8), sealed);

  test('encoding 3 opens', () => {
    const opened = open(hexMap(vector.encoding_3));
    for (const [field, json] of Object.entries(vector.fields)) {
      expect(opened.get(field)).toEqual({ ok: true, json });
    }
    expect(opened.size).toBe(4);
  });

  test('encodings 1 and 2 open', () => {
    const both = [new Map(Object.entries(vector.encoding_1)), hexMap(vector.encoding_2)];
    expect(both.map((sealed) => [...sealed.values()].map(encodingOf))).toEqual([[1], [2]]);
    for (const sealed of both) {
      expect([...open(sealed).values()]).toEqual([{ ok: true, json: JSON.stringify(vector.text) }]);
    }
  });

  test.each(vector.refused)('refused: $why', ({ field, value }) => {
    expect([...open(new Map([[field, hex(value)]])).values()]).toEqual([FAILED]);
  });

  test('MAC', () => {
    const { fields, old_fields, hs, pk, sk, ...plain } = vector.mac_record;
    const values = new Map([...hexMap(fields), ...Object.entries(old_fields)]);
    const input = { ...plain, hs: hex(hs), pk: hex(pk), sk: hex(sk), fields: values };
    expect(recordMac(hex(vector.mac_key), input).toString('hex')).toBe(vector.mac);
  });
});
