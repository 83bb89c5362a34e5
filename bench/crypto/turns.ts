// SPDX-License-Identifier: Apache-2.0
/** Candidates that take turns: what slows the machine down for a while slows all of them down alike. */
import { quantile } from '../system/statistics.ts';

export interface Candidate {
  readonly name: string;
  /** `own` where it is measured in a process of its own. */
  readonly process: 'this' | 'own';
  /** Does so many rounds, one after the other; milliseconds of each. */
  times(rounds: number): Promise<number[]>;
}

/** Milliseconds of one round. */
export interface Spread {
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
  readonly rounds: number;
}

const WARM_UP_MS = 400;
/** A row that takes longer ends after fewer turns… */
const MOST_MS = 40_000;
/** …but not after fewer than these. */
const LEAST_TURNS = 10;

/** A candidate of this process. What gives a promise is awaited, what does not is not. */
export function here(name: string, round: () => unknown): Candidate {
  return {
    name,
    process: 'this',
    times: async (rounds) => {
      const times: number[] = [];
      for (let i = 0; i < rounds; i++) {
        const start = process.hrtime.bigint();
        const result = round();
        if (result instanceof Promise) await result;
        times.push(Number(process.hrtime.bigint() - start) / 1e6);
      }
      return times;
    },
  };
}

/**
 * Warms all candidates up, for the same time each, and then has each do one round in turn: between two rounds of one the others have used
 * the caches, as other requests do in a server. Processes of their own are asked for two rounds, and the first, in which they wake up,
 * does not count.
 */
export async function takeTurns(
  candidates: readonly Candidate[],
  turns: number,
): Promise<Record<string, Spread>> {
  for (const candidate of candidates) {
    await candidate.times(1);
    const [one = WARM_UP_MS] = await candidate.times(1);
    await candidate.times(Math.max(1, Math.round(WARM_UP_MS / one)));
  }
  const all = new Map(candidates.map(({ name }) => [name, [] as number[]]));
  const begin = performance.now();
  for (let turn = 0; turn < turns; turn++) {
    if (turn >= LEAST_TURNS && performance.now() - begin > MOST_MS) break;
    for (const { name, process, times } of candidates) {
      all.get(name)?.push(...(await times(process === 'own' ? 2 : 1)).slice(-1));
    }
  }
  return Object.fromEntries([...all].map(([name, times]) => [name, spread(times)]));
}

function spread(times: readonly number[]): Spread {
  return {
    median: quantile(times, 0.5),
    p10: quantile(times, 0.1),
    p90: quantile(times, 0.9),
    rounds: times.length,
  };
}
