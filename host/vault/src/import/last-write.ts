// SPDX-License-Identifier: Apache-2.0
import { readEntryItem } from '../audit/chain.ts';
import type { AuditEvent } from '../audit/entry.ts';
import { HEAD, logPartition, recordLog } from '../audit/log-id.ts';
import type { Core } from '../core.ts';
import { Tampered } from '../tampered.ts';

const PAGE = 100;
/** Reads and denials since the last write that are looked through. Beyond, a record counts as written by another. */
const MOST = 1_000;

const WRITES: ReadonlySet<AuditEvent> = new Set([
  'CreateVault',
  'ImportVault',
  'UpdateVault',
  'RemoveFields',
]);

/**
 * The event that left a record at its revision: entries that write nothing repeat the one before.
 * @returns undefined when it is too far back
 * @throws {Tampered} `chain_entry`
 */
export async function lastWrite(core: Core, id: string): Promise<AuditEvent | undefined> {
  const log = recordLog(id);
  let before: string = HEAD;
  for (let seen = 0; seen < MOST; seen += PAGE) {
    const page = await core.store.query(logPartition(log), { before, limit: PAGE, reverse: true });
    for (const item of page) {
      const read = readEntryItem(core.keys.audit, log, item);
      if (read === undefined) throw new Tampered('chain_entry', log);
      if (read.entry.result === 'ok' && WRITES.has(read.entry.event)) return read.entry.event;
    }
    before = page.at(-1)?.sk ?? '';
    if (page.length < PAGE) return undefined;
  }
  return undefined;
}
