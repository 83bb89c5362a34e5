// SPDX-License-Identifier: Apache-2.0
import { type NewRecordKey, Shelf } from './shelf.ts';

/** Tenants that have pairs ready at once; the others ask KMS until one of these was idle for as long as a pair is kept. */
const MOST_TENANTS = 256;

/** The shelves of all tenants, in the order in which they get their next pair. Pairs together are never more than `most`. */
export class Shelves {
  readonly #most: number;
  readonly #mostAgeMs: number;
  readonly #shelves = new Map<string, Shelf>();
  #dropped = 0;

  constructor(most: number, mostAgeMs: number) {
    this.#most = most;
    this.#mostAgeMs = mostAgeMs;
  }

  /** Pairs that were made and not used, so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Pairs that are ready. */
  get size(): number {
    let size = 0;
    for (const shelf of this.#shelves.values()) size += shelf.size;
    return size;
  }

  /** A tenant's shelf; undefined when there is no place for another. */
  of(tenant: string, now: number): Shelf | undefined {
    const known = this.#shelves.get(tenant);
    if (known !== undefined) return known;
    if (this.#shelves.size >= Math.min(MOST_TENANTS, this.#most)) return undefined;
    const shelf = new Shelf(tenant, now);
    this.#shelves.set(tenant, shelf);
    return shelf;
  }

  /**
   * The next that has fewer pairs than it should. They take turns, a pair each, so that one who makes many records
   * keeps nobody from his few.
   */
  neediest(now: number): Shelf | undefined {
    const share = this.#share();
    for (const shelf of this.#shelves.values()) {
      if (!shelf.needsMore(now, share)) continue;
      this.#shelves.delete(shelf.tenant);
      this.#shelves.set(shelf.tenant, shelf);
      return shelf;
    }
    return undefined;
  }

  /**
   * Room for one more. Where all places are taken, somebody has more than his share, from when fewer shared: he gives his
   * oldest. @returns false when even he has nothing to give yet
   */
  makeRoom(): boolean {
    let taken = 0;
    let fullest: Shelf | undefined;
    for (const shelf of this.#shelves.values()) {
      taken += shelf.size + shelf.making;
      if (fullest === undefined || shelf.size > fullest.size) fullest = shelf;
    }
    if (taken < this.#most) return true;
    const given = fullest?.drop() === true;
    if (given) this.#dropped += 1;
    return given;
  }

  /** Drops pairs that are too old, and shelves that nobody used for so long. */
  dropOld(now: number): void {
    const oldest = now - this.#mostAgeMs;
    for (const shelf of this.#shelves.values()) {
      this.#dropped += shelf.dropBefore(oldest);
      if (shelf.usedAt < oldest && shelf.making === 0) this.#shelves.delete(shelf.tenant);
    }
  }

  /** Puts a pair on the shelf that it was made for, unless that is gone. */
  put(shelf: Shelf, key: NewRecordKey, madeAt: number): void {
    if (this.#shelves.get(shelf.tenant) === shelf) shelf.put(key, madeAt);
    else this.#dropped += 1;
  }

  /** Drops all, and what is being made as well. */
  clear(): void {
    this.#dropped += this.size;
    this.#shelves.clear();
  }

  #share(): number {
    return Math.max(1, Math.floor(this.#most / this.#shelves.size));
  }
}
