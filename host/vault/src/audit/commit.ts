// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { Core } from '../core.ts';
import { VaultError } from '../errors.ts';
import { type Operation, StoreConflict, type TransactOptions } from '../ports/store.ts';
import { checkDeadline } from '../util/deadline.ts';
import { settled } from '../util/settled.ts';
import { type ChainTail, linkEntry } from './chain.ts';
import type { AuditFacts } from './entry.ts';

/** Transactions tried again after a conflict (design, "Audit chain"). */
const RETRIES = 8;
const FIRST_PAUSE_MS = 4;
const LONGEST_PAUSE_MS = 250;

/** What one transaction is to write beside the audit entry, and what to give back. */
export interface Plan<T> {
  readonly operations: readonly Operation[];
  readonly facts: AuditFacts;
  readonly result: T;
  readonly options?: TransactOptions;
}

export interface CommitOptions {
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  /**
   * Refuse to return when the sink did not take the head by then: for what reveals something. What does not is durable already: it is told so
   * by then, and the head follows (ADR 8).
   */
  readonly sinkRequired?: boolean;
}

/**
 * Writes an audit entry, and whatever belongs to it, in one transaction. `plan` gets the end of the chain, reads what
 * it needs and says what to write; after a conflict it is asked again. Undefined: there is nothing to write.
 *
 * Callers of this process queue for each chain; other processes show up as conflicts.
 * @throws {VaultError} `audit_busy` when conflicts do not end, `conflict` when they are not the chain's;
 *   `audit_unavailable` when the sink is required and fails or is late; `timed_out`
 * @throws {Tampered} `chain_tail`, `chain_set_back`
 */
export async function commit<T>(
  core: Core,
  log: string,
  plan: (tail: ChainTail) => Promise<Plan<T> | { readonly result: T }>,
  { deadline, sinkRequired = false }: CommitOptions,
): Promise<T> {
  const { result, head } = await core.locks.run(log, async () => {
    for (let attempt = 0; ; attempt += 1) {
      checkDeadline(core.clock, deadline);
      const { tail, planned } = await settled(async (saw) => {
        const end = await core.tails.read(core.store, core.keys.audit, log);
        saw(end.entry?.rev ?? 0);
        return { tail: end, planned: await plan(end) };
      });
      if (!('facts' in planned)) return { result: planned.result, head: undefined };
      const link = linkEntry(core.keys.audit, log, tail, planned.facts, core.clock.now());
      try {
        await core.store.transact([...planned.operations, ...link.operations], planned.options);
        core.tails.note(log, link.head, link.last);
        return { result: planned.result, head: link.head };
      } catch (error) {
        if (!(error instanceof StoreConflict)) throw error;
        if (attempt === RETRIES) {
          throw new VaultError(error.index < planned.operations.length ? 'conflict' : 'audit_busy');
        }
      }
      await sleep(Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt));
    }
  });
  if (head === undefined) return result;
  const taken = await core.sink.send([head], deadline);
  if (sinkRequired && !taken) throw new VaultError('audit_unavailable');
  return result;
}
