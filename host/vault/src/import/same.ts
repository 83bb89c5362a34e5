// SPDX-License-Identifier: Apache-2.0
import type { RecordBody } from '../records/record-item.ts';
import { equalBytes } from '../util/bytes.ts';

type Value = Uint8Array | string;

/** Whether two records hold the same keys and sealed values, whatever schema each was written under. */
export function sameAs(a: RecordBody, b: RecordBody): boolean {
  const keys = [same(a.hs, b.hs), same(a.pk, b.pk), same(a.sk, b.sk), a.kk === b.kk];
  if (!keys.every(Boolean) || a.fields.size !== b.fields.size) return false;
  return [...a.fields].every(([name, value]) => same(value, b.fields.get(name)));
}

function same(a: Value, b: Value | undefined): boolean {
  if (a instanceof Uint8Array) return b instanceof Uint8Array && equalBytes(a, b);
  return a === b;
}
