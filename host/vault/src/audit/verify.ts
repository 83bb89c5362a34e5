// SPDX-License-Identifier: Apache-2.0
import { setImmediate as nextTurn } from 'node:timers/promises';
import { KEY_SCAN_PREFIX } from '../api-keys/key-row.ts';
import type { IntegrityKeys } from '../keys/integrity-keys.ts';
import type { AuditHead } from '../ports/audit.ts';
import type { Store } from '../ports/store.ts';
import { RECORD_SCAN_PREFIX } from '../records/record-item.ts';
import { type Finding, finding } from './findings.ts';
import { HEAD, keyLog, LOG_PREFIX, logOfPartition, logPartition } from './log-id.ts';
import { type ChainReport, type SinkHashes, verifyChain } from './verify-chain.ts';
import { verifySubject } from './verify-subject.ts';

const SCAN_PAGE = 500;
/** A chain that grows while it is read is read again this often. */
const ROUNDS = 5;

export interface VerifyOptions {
  /** One chain only: a vault id, `key_<id>` or `system_<tenant>`. */
  readonly id?: string | undefined;
  /**
   * What the sink holds. Read it before this call: the store is then at least as new. Without it, entries cut off the
   * end and a store set back as a whole go unnoticed.
   *
   * A function reads the sink from its beginning each time: it is read as often as it takes to hold `headsAtOnce` of its heads in memory
   * and no more, whose chains are then verified, and so often is the store scanned. (All heads of one chain are held together.)
   */
  readonly against?: Heads | (() => Heads | Promise<Heads>) | undefined;
  /** Default: a million, some 450 MB. */
  readonly headsAtOnce?: number;
}

export type Heads = Iterable<AuditHead> | AsyncIterable<AuditHead>;

const HEADS_AT_ONCE = 1_000_000;

export interface AuditReport {
  readonly chains: number;
  readonly entries: number;
  /** Empty: all is well. */
  readonly findings: readonly Finding[];
}

/** A sink only grows: one that had more heads before cannot be read again, as a pipe, and what it held would be missed in silence. */
export class SinkShrank extends Error {
  override readonly name = 'SinkShrank';
  readonly code = 'sink_shrank';
}

/** Verifies audit chains, and that records and API keys are in the state in which their chains leave them. @throws {SinkShrank} */
export async function verifyAudit(
  store: Store,
  keys: IntegrityKeys,
  { id, against, headsAtOnce = HEADS_AT_ONCE }: VerifyOptions = {},
): Promise<AuditReport> {
  const read = typeof against === 'function' ? against : () => against ?? [];
  const counted = typeof against === 'function' ? await countOf(await read()) : 0;
  const parts = Math.max(1, Math.ceil(counted / headsAtOnce));
  const findings: Finding[] = [];
  let entries = 0;
  let chains = 0;
  for (let part = 0; part < parts; part += 1) {
    const wanted = (log: string): boolean => partOf(log, parts) === part && (id === undefined || log === id);
    const sink = against === undefined ? undefined : await collect(await read(), wanted, counted);
    const verify = async (log: string): Promise<void> => {
      // A store that answers at once would otherwise keep everything else of this process waiting.
      await nextTurn();
      const report = await verifyLog(store, keys, log, sink?.get(log));
      sink?.delete(log);
      findings.push(...report.findings);
      entries += report.entries;
      chains += 1;
    };
    for await (const log of id === undefined ? storedLogs(store, wanted) : [id].filter(wanted))
      await verify(log);
    // What the sink has and the store has not.
    for (const log of [...(sink?.keys() ?? [])]) await verify(log);
  }
  return { chains, entries, findings };
}

async function countOf(heads: Heads): Promise<number> {
  let count = 0;
  for await (const _ of heads) count += 1;
  return count;
}

/** Spreads chains evenly: by the polynomial of their ids, which are random. */
function partOf(log: string, parts: number): number {
  let sum = 0;
  for (let at = 0; at < log.length; at += 1) sum = (sum * 31 + log.charCodeAt(at)) >>> 0;
  return sum % parts;
}

async function collect(
  heads: Heads,
  wanted: (log: string) => boolean,
  atLeast: number,
): Promise<Map<string, SinkHashes>> {
  const byLog = new Map<string, Map<number, Set<string>>>();
  let count = 0;
  for await (const { log, n, hash } of heads) {
    count += 1;
    if (!wanted(log)) continue;
    const chain = byLog.get(log) ?? new Map<number, Set<string>>();
    byLog.set(log, chain.set(n, (chain.get(n) ?? new Set()).add(Buffer.from(hash).toString('hex'))));
  }
  if (count < atLeast) throw new SinkShrank('the sink had more heads when it was read before');
  return byLog;
}

/** What has a chain: where its rows are, and the chain. */
const SUBJECTS = [
  [RECORD_SCAN_PREFIX, (id: string) => id],
  [KEY_SCAN_PREFIX, keyLog],
] as const;

/**
 * Chains, and what should have one and has none. None is remembered but the one before: of a hundred million, a list would not fit into
 * memory. Rows of one chain come one after the other, from SQLite by its index, from DynamoDB since they are one partition's.
 */
async function* storedLogs(store: Store, wanted: (log: string) => boolean): AsyncGenerator<string> {
  let before: string | undefined;
  let after: string | null = null;
  do {
    // One scan for all: each reads the whole table where the store is DynamoDB.
    const options = { limit: SCAN_PAGE, keysOnly: true, ...(after === null ? {} : { after }) };
    const page = await store.scan('', options);
    for (const { pk } of page.items) {
      if (pk === before) continue;
      before = pk;
      if (pk.startsWith(LOG_PREFIX)) {
        const log = logOfPartition(pk);
        if (wanted(log)) yield log;
        continue;
      }
      const subject = SUBJECTS.find(([prefix]) => pk.startsWith(prefix));
      if (subject === undefined) continue;
      const [prefix, logOf] = subject;
      const log = logOf(pk.slice(prefix.length));
      if (wanted(log) && !(await hasRows(store, log))) yield log;
    }
    after = page.next;
  } while (after !== null);
}

async function hasRows(store: Store, log: string): Promise<boolean> {
  return (await store.query(logPartition(log), { limit: 1 })).length > 0;
}

async function verifyLog(
  store: Store,
  keys: IntegrityKeys,
  log: string,
  sink: SinkHashes | undefined,
): Promise<ChainReport> {
  for (let round = 1; ; round += 1) {
    const before = await headNumber(store, log);
    const report = await verifyChain(store, keys.audit, log, sink);
    const exists = report.entries > 0 || before !== undefined;
    const code = await verifySubject(store, keys, log, exists ? report.last : null);
    if (round === ROUNDS || before === (await headNumber(store, log))) {
      return code === undefined ? report : { ...report, findings: [...report.findings, finding(log, code)] };
    }
  }
}

async function headNumber(store: Store, log: string): Promise<unknown> {
  // By a query, since a head that cannot be read is a finding and no reason to stop.
  const [last] = await store.query(logPartition(log), { limit: 1, reverse: true });
  return last?.sk === HEAD ? last.n : undefined;
}
