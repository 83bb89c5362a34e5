// SPDX-License-Identifier: Apache-2.0
import type { RecordKeyPair } from '../ports/kms.ts';

/** A vault id, and the key pair that KMS made for it: good for one record of one tenant, once. */
export interface NewRecordKey {
  readonly id: string;
  readonly pair: RecordKeyPair;
}

interface Ready extends NewRecordKey {
  readonly madeAt: number;
}

/** Uses are remembered for about so long: as many pairs are kept as were used in that time. */
const MEMORY_MS = 10_000;
/** As soon as a tenant makes records at all. */
const FEW = 2;

/** Key pairs that are ready for one tenant. Times are milliseconds of the monotonic clock. */
export class Shelf {
  readonly tenant: string;
  /** Calls under way for it. */
  making = 0;
  /** Pairs that were taken and not asked for anew. */
  #owed = 0;
  readonly #ready: Ready[] = [];
  #uses = 0;
  #usedAt: number;

  constructor(tenant: string, now: number) {
    this.tenant = tenant;
    this.#usedAt = now;
  }

  get size(): number {
    return this.#ready.length;
  }

  /** When a record was made last, with one of these pairs or without. */
  get usedAt(): number {
    return this.#usedAt;
  }

  /** A record is being made. */
  used(now: number): void {
    this.#uses = this.#recentUses(now) + 1;
    this.#usedAt = now;
  }

  /**
   * Whether another pair should be made: for each that was taken, so that KMS is asked no later than by the next record whether pairs may be made
   * at all; and until there are as many as were used lately.
   * @param most there is room for
   */
  needsMore(now: number, most: number): boolean {
    const there = this.#ready.length + this.making;
    if (there >= most) return false;
    return this.#owed > 0 || there < Math.max(FEW, Math.ceil(this.#recentUses(now)));
  }

  /** A call for it begins. */
  begin(): void {
    this.making += 1;
    this.#owed = Math.max(0, this.#owed - 1);
  }

  put(key: NewRecordKey, madeAt: number): void {
    this.#ready.push({ ...key, madeAt });
  }

  /** The oldest, which is then no longer here: whoever calls has it alone. */
  take(): NewRecordKey | undefined {
    const ready = this.#ready.shift();
    if (ready === undefined) return undefined;
    this.#owed += 1;
    return { id: ready.id, pair: ready.pair };
  }

  /** Drops the oldest. @returns false when there is none */
  drop(): boolean {
    return this.#ready.shift() !== undefined;
  }

  /** Drops what was made before a time. @returns how many */
  dropBefore(time: number): number {
    const first = this.#ready.findIndex(({ madeAt }) => madeAt >= time);
    return this.#ready.splice(0, first === -1 ? this.#ready.length : first).length;
  }

  /** Decays with every millisecond, so a busy minute is forgotten in the next one. */
  #recentUses(now: number): number {
    return this.#uses * Math.exp(-Math.max(0, now - this.#usedAt) / MEMORY_MS);
  }
}
