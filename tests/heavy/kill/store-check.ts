// SPDX-License-Identifier: Apache-2.0
import { DatabaseSync } from 'node:sqlite';
import { decodeCbor } from '@enclave-vault/codec';
import { decodeBody } from '../../../host/stores/src/sqlite/body.ts';
import type { LedgerRecord } from './ledger.ts';

type Item = ReturnType<typeof decodeBody>;

/** What a whole record holds (design, "The record item"). */
const ATTRIBUTES = {
  _id: 'string',
  _tn: 'string',
  _kk: 'string',
  _v: 'number',
  _sv: 'number',
  _ct: 'number',
  _mt: 'number',
  _rev: 'number',
  _hs: 'bytes',
  _pk: 'bytes',
  _sk: 'bytes',
  _mac: 'bytes',
} as const;

export interface StoreReport {
  readonly integrity: string;
  readonly records: ReadonlyMap<string, Item>;
  /** Records with something missing, and audit chains that do not fit their records. */
  readonly incomplete: readonly string[];
  readonly entries: number;
  /** Answers kept for repeats that name no record. */
  readonly dangling: number;
}

/**
 * Reads the store's file with nothing of the vault but the layout of an item's blob: that all records are whole, and
 * that each has exactly the audit entries that its revision says.
 */
export function checkStore(path: string): StoreReport {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const [integrity] = database.prepare('PRAGMA integrity_check').all();
    const items = database.prepare('SELECT pk, sk, body FROM items').all().map(readItem);
    const records = new Map<string, Item>();
    const logs = new Map<string, Item[]>();
    for (const item of items) {
      const [kind = '', rest = ''] = item.pk.split('##');
      if (kind === 'VAULT') records.set(rest, item);
      if (kind === 'LOG') logs.set(rest, [...(logs.get(rest) ?? []), item]);
    }
    const incomplete = [...records].flatMap(([id, item]) => [
      ...recordProblems(id, item),
      ...logProblems(id, item, logs.get(id) ?? []),
    ]);
    for (const log of logs.keys())
      if (log.startsWith('v_') && !records.has(log)) incomplete.push(`${log}: a log without its record`);
    const answers = items.filter(({ pk }) => pk.startsWith('IDEMPOTENCY##'));
    const dangling = answers.filter(({ _an }) => {
      const { id } = JSON.parse(String(_an)) as { id?: string };
      return id !== undefined && !records.has(id);
    }).length;
    const entries = [...logs.values()].reduce((sum, list) => sum + list.length - 1, 0);
    return { integrity: String(integrity?.integrity_check), records, incomplete, entries, dangling };
  } finally {
    database.close();
  }
}

/** How stored and acknowledged records differ: neither one that was lost, nor one that nobody was told of. */
export function compare(records: ReadonlyMap<string, Item>, ledger: readonly LedgerRecord[]): string[] {
  const acknowledged = new Map(ledger.map((record) => [record.id, record]));
  const lost = [...acknowledged.keys()].filter((id) => !records.has(id)).map((id) => `${id}: lost`);
  const extra = [...records.keys()].filter((id) => !acknowledged.has(id)).map((id) => `${id}: of nobody`);
  const fields = [...records].flatMap(([id, item]) => {
    const expected = Object.keys(acknowledged.get(id)?.fields ?? {});
    const found = Object.keys(item).filter(isField);
    return expected.toSorted().join() === found.toSorted().join() || !acknowledged.has(id)
      ? []
      : [`${id}: other fields`];
  });
  return [...lost, ...extra, ...fields];
}

function readItem({ pk, sk, body }: Record<string, unknown>): Item {
  if (typeof pk !== 'string' || typeof sk !== 'string' || !(body instanceof Uint8Array))
    throw new TypeError('not an item');
  return decodeBody(pk, sk, body);
}

const isField = (name: string) => /^[a-z]/.test(name) && name !== 'pk' && name !== 'sk';

function recordProblems(id: string, item: Item): string[] {
  const problems = Object.entries(ATTRIBUTES)
    .filter(([name, type]) => (item[name] instanceof Uint8Array ? 'bytes' : typeof item[name]) !== type)
    .map(([name]) => `${id}: ${name} is missing`);
  if (item.sk !== 'v0' || item._id !== id) problems.push(`${id}: in another's place`);
  const sealed = Object.entries(item).filter(([name]) => isField(name));
  if (sealed.length === 0) problems.push(`${id}: no field`);
  for (const [name, value] of sealed)
    if (!(value instanceof Uint8Array) || value[0] !== 3) problems.push(`${id}: ${name} is not sealed`);
  return problems;
}

/** One entry for each revision, all numbers from 1 to the head's. */
function logProblems(id: string, record: Item, log: readonly Item[]): string[] {
  const head = log.find(({ sk }) => sk === 'head');
  const entries = log.filter(({ sk }) => sk !== 'head').toSorted((a, b) => (a.sk < b.sk ? -1 : 1));
  const numbered = entries.every(({ sk }, index) => Number(sk) === index + 1);
  if (!numbered || head?.n !== entries.length) return [`${id}: entries are missing`];
  const written = entries.map(({ entry }) => eventOf(entry)).filter((event) => event !== 'DecryptVault');
  const [first, ...others] = written;
  const right = first === 'CreateVault' && others.every((event) => event === 'UpdateVault');
  return right && written.length === record._rev ? [] : [`${id}: its log tells of other writes`];
}

function eventOf(entry: unknown): unknown {
  const map = entry instanceof Uint8Array ? decodeCbor(entry) : undefined;
  return map instanceof Map ? map.get('event') : undefined;
}
