// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import type { AuditHead } from '../ports/audit.ts';
import type { Item, Operation, Store } from '../ports/store.ts';
import { Tampered } from '../tampered.ts';
import { equalBytes } from '../util/bytes.ts';
import {
  type AuditEntry,
  type AuditFacts,
  decodeEntry,
  encodeEntry,
  entryHash,
  FIRST_PREV,
} from './entry.ts';
import { entrySortKey, HEAD, logPartition } from './log-id.ts';

/** Where a chain ends now. `entry` is undefined in an empty one, whose `n` is 0. */
export interface ChainTail {
  readonly n: number;
  readonly hash: Uint8Array;
  readonly entry: AuditEntry | undefined;
}

/** An entry whose bytes were authenticated, or made here. */
export interface AuthenticEntry {
  readonly entry: AuditEntry;
  readonly hash: Uint8Array;
  readonly encoded: Uint8Array;
}

/** The operations that add an entry, to be part of the caller's transaction, and the head they lead to. */
export interface ChainLink {
  readonly operations: readonly Operation[];
  readonly head: AuditHead;
  readonly last: AuthenticEntry;
}

/**
 * Reads the end of a chain and authenticates its last entry, so that nothing is ever added to a forged one.
 * @param known the chain's last entry as this process knows it
 * @throws {Tampered} `chain_tail`
 */
export async function readTail(
  store: Store,
  key: KeyObject,
  log: string,
  known?: AuthenticEntry,
): Promise<ChainTail & { readonly last?: AuthenticEntry }> {
  // 'head' sorts after every number: one query gets both.
  const [head, last] = await store.query(logPartition(log), { limit: 2, reverse: true });
  if (head === undefined) return { n: 0, hash: FIRST_PREV, entry: undefined };
  const entry = last === undefined ? undefined : readEntryItem(key, log, last, known);
  const { n, hash } = head;
  const agrees = head.sk === HEAD && hash instanceof Uint8Array && entry !== undefined && entry.entry.n === n;
  if (!agrees || !equalBytes(entry.hash, hash)) throw new Tampered('chain_tail', log);
  return { n: entry.entry.n, hash: entry.hash, entry: entry.entry, last: entry };
}

/**
 * Authenticates one stored entry: its hash, and that it stands where it says. Undefined when it is not authentic.
 * @param known an entry of this log that was authentic: the very bytes of it in its place are so still
 */
export function readEntryItem(
  key: KeyObject,
  log: string,
  item: Item,
  known?: AuthenticEntry,
): AuthenticEntry | undefined {
  const { entry: encoded, hash: stored } = item;
  if (!(encoded instanceof Uint8Array) || !(stored instanceof Uint8Array)) return undefined;
  if (known !== undefined && isEntry(known, log, item.sk, encoded, stored)) return known;
  const hash = entryHash(key, encoded);
  const entry = equalBytes(hash, stored) ? decodeEntry(encoded) : undefined;
  return entry?.log === log && entrySortKey(entry.n) === item.sk ? { entry, hash, encoded } : undefined;
}

function isEntry(
  known: AuthenticEntry,
  log: string,
  place: string,
  encoded: Uint8Array,
  hash: Uint8Array,
): boolean {
  return (
    known.entry.log === log &&
    entrySortKey(known.entry.n) === place &&
    Buffer.compare(encoded, known.encoded) === 0 &&
    equalBytes(hash, known.hash)
  );
}

/**
 * Makes the next entry. The head is conditional on the tail it was made from, so of two writers one gets a conflict.
 * @param time microseconds since the epoch
 */
export function linkEntry(
  key: KeyObject,
  log: string,
  tail: ChainTail,
  facts: AuditFacts,
  time: number,
): ChainLink {
  const n = tail.n + 1;
  const entry = { ...facts, log, n, time, prev: tail.hash };
  const encoded = encodeEntry(entry);
  const hash = entryHash(key, encoded);
  const pk = logPartition(log);
  return {
    operations: [
      { put: { pk, sk: entrySortKey(n), entry: encoded, hash }, if: { absent: true } },
      {
        put: { pk, sk: HEAD, n, hash },
        if: tail.n === 0 ? { absent: true } : { equals: { n: tail.n, hash: tail.hash } },
      },
    ],
    head: { log, n, hash, time },
    last: { entry, hash, encoded },
  };
}
