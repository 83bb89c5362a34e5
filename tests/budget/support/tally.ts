// SPDX-License-Identifier: Apache-2.0

/** What one route costs: counts by what they are of (`store`, `kms`, …) and their name. */
export type Counts = Readonly<Record<string, Readonly<Record<string, number>>>>;

export class Tally {
  #counts: Record<string, Record<string, number>> = {};

  add(of: string, name: string, count = 1): void {
    this.#counts[of] ??= {};
    const counts = this.#counts[of];
    counts[name] = (counts[name] ?? 0) + count;
  }

  /** What was counted since it was called last; in an order that does not depend on what happened first. */
  take(): Counts {
    const sorted = <T>(of: Readonly<Record<string, T>>): [string, T][] =>
      Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1));
    const taken = sorted(this.#counts).map(([of, counts]) => [of, Object.fromEntries(sorted(counts))]);
    this.#counts = {};
    return Object.fromEntries(taken) as Counts;
  }
}
