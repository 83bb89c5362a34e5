// SPDX-License-Identifier: Apache-2.0
import { classify, type Finding } from './classify.ts';
import type { Probe } from './probes.ts';

/** Asks KMS for what a probe says. Resolves when KMS did it, or throws its error. */
export type Ask = (probe: Probe, signal: AbortSignal) => Promise<unknown>;

export interface Reading extends Finding {
  readonly probe: string;
}

/**
 * Makes all probes at once. Never throws, and takes no longer than its limit: a probe without an answer is an error of
 * the canary, and so is a set of probes in which there are none.
 * @param limitMs for each probe
 */
export async function runProbes(
  probes: readonly Probe[],
  ask: Ask,
  limitMs: number,
): Promise<readonly Reading[]> {
  if (probes.length === 0) return [{ probe: 'probes', outcome: 'CanaryError', reason: 'no_probes' }];
  return Promise.all(
    probes.map(async (probe) => ({
      probe: probe.name,
      ...classify(await answerWithin(limitMs, (signal) => ask(probe, signal))),
    })),
  );
}

/** How a call went, and what it brought. */
export type Called<T> =
  | { readonly done: true; readonly value: T }
  | { readonly done: false; readonly error: unknown };

/** What a call came to, within a limit. Never throws: no answer in time is an error, too. */
export async function answerWithin<T>(
  limitMs: number,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<Called<T>> {
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
    return { done: true, value: await Promise.race([call(abort.signal), late]) };
  } catch (error) {
    return { done: false, error };
  } finally {
    clearTimeout(timer);
  }
}

class ProbeTimeout extends Error {
  override readonly name = 'ProbeTimeout';
}
