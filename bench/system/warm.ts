// SPDX-License-Identifier: Apache-2.0
import { KmsLog } from './kms-log.ts';

/** Reads of the hot set before it is measured, at most. */
const PASSES = 20;
/** Passes one after the other that have KMS asked for nothing: one may be luck where a key or two are wanting. */
const QUIET = 2;

/** Counts the calls of one operation that came into the local KMS's log since the look before; undefined where that is not known. */
export function callsOf(operation: string, log: string): () => number | undefined {
  const mark = `"eventName":"${operation}"`;
  const events = new KmsLog(log);
  events.added();
  return () => {
    const added = events.added();
    return added === undefined ? undefined : added.toString('latin1').split(mark).length - 1;
  };
}

/** In another order each time: enclaves take turns, and in the same order each would get the records that it had before. */
export function shuffled<T>(all: readonly T[]): T[] {
  return all
    .map((one) => [Math.random(), one] as const)
    .sort(([a], [b]) => a - b)
    .map(([, one]) => one);
}

/**
 * Reads the hot set until whole passes have KMS asked for nothing: which enclave gets a request is not known, and each needs every key.
 * @returns how many passes that took
 */
export async function untilQuiet(
  pass: () => Promise<void>,
  calls: () => number | undefined,
  passes = PASSES,
): Promise<number> {
  calls();
  for (let n = 1, quiet = 0; n <= passes; n += 1) {
    await pass();
    quiet = calls() === 0 ? quiet + 1 : 0;
    if (quiet === QUIET) return n;
  }
  return passes;
}
