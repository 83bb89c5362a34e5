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
   */
  readonly against?: Iterable<AuditHead> | AsyncIterable<AuditHead> | undefined;
}

export interface AuditReport {
  readonly chains: number;
  readonly entries: number;
  /** Empty: all is well. */
  readonly findings: readonly Finding[];
}

/** Verifies audit chains, and that records and API keys are in the state in which their chains leave them. */
export async function verifyAudit(
  store: Store,
  keys: IntegrityKeys,
  { id, against }: VerifyOptions = {},
): Promise<AuditReport> {
  const sink = against === undefined ? undefined : await collect(against);
  const logs = id === undefined ? await allLogs(store) : new Set([id]);
  if (id === undefined) for (const log of sink?.keys() ?? []) logs.add(log);
  const findings: Finding[] = [];
  let entries = 0;
  for (const log of logs) {
    // A store that answers at once would otherwise keep everything else of this process waiting.
    await nextTurn();
    const report = await verifyLog(store, keys, log, sink?.get(log));
    findings.push(...report.findings);
    entries += report.entries;
  }
  return { chains: logs.size, entries, findings };
}

async function collect(heads: NonNullable<VerifyOptions['against']>): Promise<Map<string, SinkHashes>> {
  const byLog = new Map<string, Map<number, Set<string>>>();
  for await (const { log, n, hash } of heads) {
    const chain = byLog.get(log) ?? new Map<number, Set<string>>();
    byLog.set(log, chain.set(n, (chain.get(n) ?? new Set()).add(Buffer.from(hash).toString('hex'))));
  }
  return byLog;
}

/** Chains, and what should have one. */
async function allLogs(store: Store): Promise<Set<string>> {
  const logs = new Set<string>();
  const sources = [
    [LOG_PREFIX, logOfPartition],
    [RECORD_SCAN_PREFIX, (pk: string) => pk.slice(RECORD_SCAN_PREFIX.length)],
    [KEY_SCAN_PREFIX, (pk: string) => keyLog(pk.slice(KEY_SCAN_PREFIX.length))],
  ] as const;
  let after: string | null = null;
  do {
    // One scan for all: each reads the whole table where the store is DynamoDB.
    const options = { limit: SCAN_PAGE, keysOnly: true, ...(after === null ? {} : { after }) };
    const page = await store.scan('', options);
    for (const { pk } of page.items) {
      const source = sources.find(([prefix]) => pk.startsWith(prefix));
      if (source !== undefined) logs.add(source[1](pk));
    }
    after = page.next;
  } while (after !== null);
  return logs;
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
