// SPDX-License-Identifier: Apache-2.0
import { type Answer, classify, type Finding } from './classify.ts';
import type { Probe } from './probes.ts';

/** Asks KMS for what a probe says. Resolves when KMS did it, or throws its error. */
export type Ask = (probe: Probe, signal: AbortSignal) => Promise<unknown>;

export interface Reading extends Finding {
  readonly probe: string;
}

/**
 * Makes all probes at once. Never throws, and takes no longer than its limit: a probe without an answer is an error of
 * the canary.
 * @param limitMs for each probe
 */
export async function runProbes(
  probes: readonly Probe[],
  ask: Ask,
  limitMs: number,
): Promise<readonly Reading[]> {
  return Promise.all(
    probes.map(async (probe) => ({ probe: probe.name, ...classify(await answerOf(probe, ask, limitMs)) })),
  );
}

async function answerOf(probe: Probe, ask: Ask, limitMs: number): Promise<Answer> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  // Beside the signal, since a client that does not heed it must not hold the others up.
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new ProbeTimeout());
      abort.abort();
    }, limitMs);
  });
  try {
    await Promise.race([ask(probe, abort.signal), late]);
    return { done: true };
  } catch (error) {
    return { done: false, error };
  } finally {
    clearTimeout(timer);
  }
}

class ProbeTimeout extends Error {
  override readonly name = 'ProbeTimeout';
}
