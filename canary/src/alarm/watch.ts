// SPDX-License-Identifier: Apache-2.0
import { isGood, worstOf } from '../classify.ts';
import type { Reading } from '../run.ts';

/** How the canaries of a vault stand, worst first. `Silent` is none of their readings: somebody else must notice it. */
export const STATES = ['UnexpectedAllow', 'PolicyDrift', 'CanaryError', 'Silent', 'Good'] as const;
export type State = (typeof STATES)[number];

/** A run is missed when nothing came for so many intervals, and never before so long. */
const SILENT_INTERVALS = 3;
const SILENT_MIN_MS = 20_000;
/** While something is bad it is said again this often. */
const REPEAT_MS = 3_600_000;

/** What somebody should hear: a change, or again what has not changed for an hour. */
export interface Alarm {
  readonly state: State;
  readonly was: State;
  readonly repeated: boolean;
  /** The readings that are not good. */
  readonly readings: readonly PlacedReading[];
  /** Places of which nothing came. */
  readonly silent: readonly string[];
}

export interface PlacedReading extends Reading {
  readonly place: string;
}

/** Runs of one place. Times are milliseconds of a clock that only goes on. */
export interface PlaceRuns {
  readonly place: string;
  /** Undefined before the first. */
  readonly last: { readonly at: number; readonly readings: readonly Reading[] } | undefined;
  readonly runs: number;
  readonly silent: boolean;
  /** Readings since the start, by `probe outcome`. */
  readonly totals: ReadonlyMap<string, number>;
}

interface Watched {
  since: number;
  last: PlaceRuns['last'];
  runs: number;
  readonly totals: Map<string, number>;
}

/**
 * Keeps what canaries came back with, and says when somebody should hear of it. It stands outside the canaries, so
 * that one that hangs or is dead is missed. Without I/O and without a clock of its own.
 */
export class CanaryWatch {
  readonly silentAfterMs: number;
  readonly #places = new Map<string, Watched>();
  #said: { readonly state: State; readonly what: string; readonly at: number } = {
    state: 'Good',
    what: '',
    at: 0,
  };

  /** @param now from here on runs of these places are missed; Infinity: from `begin` on */
  constructor(places: readonly string[], intervalMs: number, now: number) {
    this.silentAfterMs = Math.max(SILENT_INTERVALS * intervalMs, SILENT_MIN_MS);
    for (const place of places)
      this.#places.set(place, { since: now, last: undefined, runs: 0, totals: new Map() });
  }

  /** Runs are missed from here on, of places of which none came. */
  begin(now: number): void {
    for (const watched of this.#places.values()) watched.since = now;
  }

  /** A run of a place; one that nobody knows of is nothing. A run without readings is no run: its place stays silent. */
  take(place: string, readings: readonly Reading[], now: number): void {
    const watched = this.#places.get(place);
    if (watched === undefined || readings.length === 0) return;
    watched.last = { at: now, readings };
    watched.runs += 1;
    for (const { probe, outcome } of readings) {
      const key = `${probe} ${outcome}`;
      watched.totals.set(key, (watched.totals.get(key) ?? 0) + 1);
    }
  }

  /** What should be said now, once: nothing when all is as it was said before. */
  alarm(now: number): Alarm | undefined {
    const places = this.places(now);
    const silent = places.filter((one) => one.silent).map(({ place }) => place);
    const readings = places.flatMap(({ place, last }) =>
      (last?.readings ?? []).filter((one) => !isGood([one])).map((one) => ({ place, ...one })),
    );
    const state = stateOf(readings, silent.length > 0);
    const what = JSON.stringify([
      readings.map(({ place, probe, outcome, reason }) => [place, probe, outcome, reason]),
      silent,
    ]);
    const { state: was, what: before, at } = this.#said;
    const changed = state !== was || (state !== 'Good' && what !== before);
    const repeated = !changed && state !== 'Good' && now - at >= REPEAT_MS;
    if (!changed && !repeated) return undefined;
    this.#said = { state, what, at: now };
    return { state, was, repeated, readings, silent };
  }

  places(now: number): readonly PlaceRuns[] {
    return [...this.#places].map(([place, { since, last, runs, totals }]) => ({
      place,
      last,
      runs,
      totals,
      silent: now - (last?.at ?? since) > this.silentAfterMs,
    }));
  }
}

function stateOf(bad: readonly Reading[], silent: boolean): State {
  const worst = bad.length === 0 ? undefined : worstOf(bad);
  // Of a canary that broke something is known; of one that is silent, nothing.
  if (worst !== undefined) return worst;
  return silent ? 'Silent' : 'Good';
}
