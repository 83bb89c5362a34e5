// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import { VaultOpenError } from '../errors.ts';
import { SYSTEM_PARTITION } from '../keys/integrity-keys.ts';
import { type Condition, type Item, type Store, StoreConflict } from '../ports/store.ts';
import { isTombstone, RECORD_SCAN_PREFIX } from '../records/record-item.ts';
import { equalBytes, macOf } from '../util/bytes.ts';
import type { RecordSchema } from './record-schema.ts';

const SORT_KEY = 'schema';

/** What is remembered of a schema, to be compared at the next start. */
interface Remembered {
  readonly version: number;
  /** Type by field name. */
  readonly fields: Readonly<Record<string, { readonly type: string }>>;
}

/**
 * Compares the schema with the one the store was last opened with, and remembers it.
 * @throws {VaultOpenError} `schema_version_reused` when it differs and its version is not higher;
 *   `schema_orphans_fields` when a field is gone or has another type while there are records; `integrity_failed`
 */
export async function adoptSchema(
  store: Store,
  key: KeyObject,
  schema: RecordSchema,
  allowOrphans: boolean,
): Promise<void> {
  const text = schemaText(schema);
  const item = await store.get(SYSTEM_PARTITION, SORT_KEY);
  let condition: Condition = { absent: true };
  if (item !== undefined) {
    const before = authentic(key, item);
    if (before === text) return;
    await checkChange(store, JSON.parse(before), schema, allowOrphans);
    condition = { equals: { schema: before } };
  }
  const put = { pk: SYSTEM_PARTITION, sk: SORT_KEY, schema: text, _mac: mac(key, text) };
  try {
    await store.transact([{ put, if: condition }]);
  } catch (error) {
    if (!(error instanceof StoreConflict)) throw error;
    // Another process was first. Hold this schema against that one.
    await adoptSchema(store, key, schema, allowOrphans);
  }
}

function authentic(key: KeyObject, { schema, _mac }: Item): string {
  const good =
    typeof schema === 'string' &&
    schema.isWellFormed() &&
    _mac instanceof Uint8Array &&
    equalBytes(mac(key, schema), _mac);
  if (!good) throw new VaultOpenError('integrity_failed', 'the stored schema does not authenticate');
  return schema;
}

async function checkChange(
  store: Store,
  before: Remembered,
  schema: RecordSchema,
  allowOrphans: boolean,
): Promise<void> {
  if (schema.version <= before.version) {
    throw new VaultOpenError(
      'schema_version_reused',
      `the schema differs from the stored version ${before.version}: give it a higher version`,
    );
  }
  if (allowOrphans) return;
  const orphans = Object.entries(before.fields)
    .filter(([name, { type }]) => schema.fields.get(name)?.type !== type)
    .map(([name]) => name);
  if (orphans.length > 0 && (await hasRecords(store))) {
    throw new VaultOpenError(
      'schema_orphans_fields',
      `stored fields would be orphaned: ${orphans.join(', ')}`,
    );
  }
}

async function hasRecords(store: Store): Promise<boolean> {
  let after: string | null = null;
  do {
    // Keys alone: on AWS the API's role may scan nothing else.
    const options = { limit: 100, keysOnly: true, ...(after === null ? {} : { after }) };
    const page = await store.scan(RECORD_SCAN_PREFIX, options);
    for (const { pk, sk } of page.items) {
      const item = await store.get(pk, sk);
      if (item !== undefined && !isTombstone(item)) return true;
    }
    after = page.next;
  } while (after !== null);
  return false;
}

/** One text for one schema, whatever the order of its file. */
function schemaText({ version, fields, expressions, purposes }: RecordSchema): string {
  const sorted = <T>(map: ReadonlyMap<string, T>): Record<string, T> => {
    return Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
  };
  const text = { version, fields: sorted(fields), expressions: sorted(expressions), purposes };
  return JSON.stringify(text);
}

function mac(key: KeyObject, text: string): Buffer {
  return macOf(key, ['enclave-vault/schema/1', text]);
}
