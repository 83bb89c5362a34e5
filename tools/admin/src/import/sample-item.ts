// SPDX-License-Identifier: Apache-2.0
import type { ForeignRecord } from '@enclave-vault/vault/import';
import type { Attribute, Attributes } from './attributes.ts';

/** Why an item does not even get as far as the vault; stable codes, beside those of the vault's own refusals. */
export const ITEM_REFUSALS = {
  bad_line: 'The line is not an item in DynamoDB JSON, or longer than any item',
  not_of_the_sample: 'The item is no vault and no log entry of the sample',
  bad_id: 'Its id is not `v_` and a KSUID, or not that of its key',
  no_key: 'It has no key: the sample leaves such an item where fields of a deleted vault are removed',
  unknown_encoding: 'Its `_v` is neither 1 nor 2',
  field_collision: 'Names of two fields differ by case or blanks only, and both open under one name',
} as const satisfies Record<string, string>;
export type ItemRefusalCode = keyof typeof ITEM_REFUSALS;

export type SampleItem =
  | { readonly kind: 'record'; readonly record: ForeignRecord }
  /** An entry of the sample's log, which is not imported. */
  | { readonly kind: 'log' }
  | {
      readonly kind: 'refused';
      readonly id: string | null;
      readonly code: ItemRefusalCode;
      readonly fields?: readonly string[];
    };

/** The sample's own attributes of a vault (its `constants.py`); everything else is a field. */
const OWN = new Set('pk sk _id _v _hs _pk _sk _ct _mt'.split(' '));
const RECORD = 'VAULT##';
const LOG = 'LOG##';
const SORT_KEY = 'v0';
const LONGEST_ID = 64;

/** Reads an item of the sample's table. What it says is checked by the vault; here it is only taken apart. */
export function readSampleItem(item: Attributes): SampleItem {
  const pk = textOf(item.get('pk'));
  if (pk?.startsWith(LOG)) return { kind: 'log' };
  const ours = item.has('_mac') || item.has('_tn');
  if (!pk?.startsWith(RECORD) || textOf(item.get('sk')) !== SORT_KEY || ours)
    return { kind: 'refused', id: null, code: 'not_of_the_sample' };
  const id = pk.slice(RECORD.length);
  const refused = (code: ItemRefusalCode, fields?: readonly string[]): SampleItem => {
    const named = id.slice(0, LONGEST_ID);
    return { kind: 'refused', id: named, code, ...(fields !== undefined && { fields }) };
  };
  const [suite, publicKey, wrappedKey] = ['_hs', '_pk', '_sk'].map((name) => bytesOf(item.get(name)));
  if (suite === undefined || publicKey === undefined || wrappedKey === undefined) return refused('no_key');
  if (textOf(item.get('_id')) !== id) return refused('bad_id');
  // Early versions of the sample wrote none. Values say their encoding themselves.
  const version = item.get('_v');
  if (version !== undefined && ![1, 2].includes(numberOf(version) ?? 0)) return refused('unknown_encoding');

  const fields = new Map<string, Uint8Array | string>();
  for (const [attribute, value] of item) {
    if (OWN.has(attribute)) continue;
    const name = fieldName(attribute);
    if (fields.has(name)) return refused('field_collision', [name]);
    // No text and no bytes: the vault names it as no sealed value.
    fields.set(name, textOf(value) ?? bytesOf(value) ?? '');
  }
  const created = numberOf(item.get('_ct')) ?? null;
  const modified = numberOf(item.get('_mt')) ?? null;
  return { kind: 'record', record: { id, suite, publicKey, wrappedKey, created, modified, fields } };
}

/** The sample seals under the name without blanks and in lower case, whatever the attribute is called: it opens under no other. */
function fieldName(attribute: string): string {
  return attribute.trim().toLowerCase();
}

function textOf(value: Attribute | undefined): string | undefined {
  return value !== undefined && 'S' in value ? value.S : undefined;
}

function bytesOf(value: Attribute | undefined): Uint8Array | undefined {
  return value !== undefined && 'B' in value ? value.B : undefined;
}

function numberOf(value: Attribute | undefined): number | undefined {
  const number = value !== undefined && 'N' in value ? Number(value.N) : Number.NaN;
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}
