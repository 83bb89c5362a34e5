// SPDX-License-Identifier: Apache-2.0
import { MAX_WRAPPED_KEY_BYTES } from '@enclave-vault/protocol';
import type { Clock } from '../ports/clock.ts';
import { KmsError, type KmsErrorCode, type RecordKeyPair, type VaultKms } from '../ports/kms.ts';
import type { Reporter } from '../ports/report.ts';
import { beforeDeadline } from '../util/deadline.ts';
import { Once } from '../util/once.ts';
import { ulid } from '../util/ulid.ts';
import { type Chance, Pace } from './pace.ts';
import type { NewRecordKey, Shelf } from './shelf.ts';
import { Shelves } from './shelves.ts';

/** How many key pairs are kept ready. */
export interface KeyPoolOptions {
  /** Pairs of all tenants together, at most; 0: none, and each record asks KMS. About 1.5 KB each. */
  readonly size: number;
  /** Calls of KMS a second, at most, that no request waits for. */
  readonly perSecond: number;
}

/** What was done so far; `ready`: what there is now. */
export interface RecordKeyFigures {
  readonly ready: number;
  /** Records that got a pair which was ready, and those that got one of KMS, for which they waited. */
  readonly fromPool: number;
  readonly fromKms: number;
  /** Calls that no request waited for, by how they ended. */
  readonly made: number;
  readonly failed: number;
  /** Pairs that were made and not used. */
  readonly dropped: number;
}

export interface RecordKeysDependencies {
  readonly kms: VaultKms;
  readonly clock: Clock;
  readonly report: Reporter;
  readonly pool: KeyPoolOptions;
  readonly chance?: Chance;
}

/** A pair's id has the time when it was made, and its record begins at most so much later. */
const MOST_AGE_MS = 10 * 60_000;
/** Calls under way at once. */
const MOST_CALLS = 32;
/** One attempt of KMS's port ends long before: a call that took so long was not running (a frozen Lambda function). */
const FROZEN_MS = 10_000;
/** Of calls that fail the operator is told once a minute, for each code. */
const TOLD_MICROS = 60_000_000;

/**
 * Ids and key pairs of new records. Some are made beforehand, while nobody waits, so that a record usually need not ask KMS.
 *
 * They are in this process alone and are gone with it. KMS wrapped each private key for one id and tenant; nobody here can open it. So a
 * pair that is never used is worth nothing to anybody and may be dropped at any time, and there is no place where
 * somebody could put a public key of his own. A pair is taken out before it is used, whatever becomes of the record.
 */
export class RecordKeys {
  readonly #kms: VaultKms;
  readonly #clock: Clock;
  readonly #report: Reporter;
  readonly #chance: Chance;
  readonly #pace: Pace;
  readonly #shelves: Shelves;
  readonly #told = new Once(TOLD_MICROS, 8);
  readonly #counts = { fromPool: 0, fromKms: 0, made: 0, failed: 0 };
  #calls = 0;
  #closed: boolean;
  #soon: NodeJS.Immediate | undefined;
  #later: NodeJS.Timeout | undefined;

  constructor({ kms, clock, report, pool, chance = CHANCE }: RecordKeysDependencies) {
    this.#kms = kms;
    this.#clock = clock;
    this.#report = report;
    this.#chance = chance;
    this.#pace = new Pace(Math.max(1, pool.perSecond), chance);
    this.#shelves = new Shelves(pool.size, MOST_AGE_MS);
    this.#closed = pool.size === 0;
  }

  get figures(): RecordKeyFigures {
    this.#shelves.dropOld(this.#chance.elapsed());
    const { size: ready, dropped } = this.#shelves;
    return { ready, dropped, ...this.#counts };
  }

  /**
   * The id and key pair of a new record; nobody gets them a second time.
   * @param deadline milliseconds since the epoch
   * @param actor who waits for it
   * @throws {KmsError} @throws {VaultError} `timed_out`
   */
  async next(tenant: string, deadline: number, actor: string): Promise<NewRecordKey> {
    const ready = this.#take(tenant);
    if (ready !== undefined) return ready;
    const id = this.#newId();
    try {
      const pair = await beforeDeadline(this.#clock, deadline, this.#generate(tenant, id, { actor }));
      // Only now: what KMS refused is no new record, and has a code of its own among the requests.
      this.#counts.fromKms += 1;
      return { id, pair };
    } catch (error) {
      // Whoever is waited for goes before whoever is not.
      if (error instanceof KmsError && error.code === 'throttled') this.#pace.refused();
      throw error;
    }
  }

  /** Drops all pairs and makes no more beforehand. */
  close(): void {
    this.#closed = true;
    this.#shelves.clear();
    clearImmediate(this.#soon);
    clearTimeout(this.#later);
  }

  #take(tenant: string): NewRecordKey | undefined {
    if (this.#closed) return undefined;
    const now = this.#chance.elapsed();
    this.#shelves.dropOld(now);
    const shelf = this.#shelves.of(tenant, now);
    if (shelf === undefined) return undefined;
    shelf.used(now);
    const ready = shelf.take();
    if (ready !== undefined) this.#counts.fromPool += 1;
    // Beside the rest of this request's work, which waits for the store: a function that answered is not running.
    this.#soon ??= setImmediate(() => {
      this.#soon = undefined;
      this.#refill();
    });
    return ready;
  }

  /** Begins as many calls as there is need, room and pace for. */
  #refill(): void {
    while (!this.#closed && this.#calls < MOST_CALLS) {
      const now = this.#chance.elapsed();
      const shelf = this.#shelves.neediest(now);
      if (shelf === undefined) return;
      const wait = this.#pace.take();
      if (wait > 0) {
        this.#wakeIn(wait);
        return;
      }
      if (!this.#shelves.makeRoom()) return;
      void this.#make(shelf);
    }
  }

  #wakeIn(ms: number): void {
    if (this.#later !== undefined) return;
    this.#later = setTimeout(() => {
      this.#later = undefined;
      this.#refill();
    }, Math.ceil(ms)).unref();
  }

  /** Never throws. */
  async #make(shelf: Shelf): Promise<void> {
    const began = this.#chance.elapsed();
    const id = this.#newId();
    this.#calls += 1;
    shelf.begin();
    try {
      const pair = await this.#generate(shelf.tenant, id, { once: true });
      this.#counts.made += 1;
      this.#pace.succeeded();
      this.#shelves.put(shelf, { id, pair }, began);
    } catch (error) {
      this.#failed(error instanceof KmsError ? error.code : 'unavailable', this.#chance.elapsed() - began);
    } finally {
      this.#calls -= 1;
      shelf.making -= 1;
      this.#refill();
    }
  }

  #failed(code: KmsErrorCode, took: number): void {
    this.#counts.failed += 1;
    if (took > FROZEN_MS || this.#closed) return;
    this.#pace.refused();
    if (this.#told.first(code, this.#clock.now())) this.#report({ event: 'record_keys_failed', code });
  }

  async #generate(
    tenant: string,
    id: string,
    how: { readonly once?: boolean; readonly actor?: string },
  ): Promise<RecordKeyPair> {
    const asked = this.#kms.generateRecordKeyPair({ vault_id: id, tenant_id: tenant }, how);
    const pair = await asked.catch((error: unknown) => {
      // Who may make no pairs any more should not go on with those that were made while he might.
      if (error instanceof KmsError && error.code === 'denied') this.#shelves.clear();
      throw error;
    });
    // The enclave would refuse a longer one, when it is too late.
    if (pair.wrappedPrivateKey.byteLength > MAX_WRAPPED_KEY_BYTES) throw new KmsError('invalid');
    return pair;
  }

  #newId(): string {
    return `v_${ulid(Math.floor(this.#clock.now() / 1000))}`;
  }
}

const CHANCE: Chance = { elapsed: () => performance.now(), random: Math.random };
