// SPDX-License-Identifier: Apache-2.0
import { wordOf } from './classify.ts';
import { answerWithin, type Reading } from './run.ts';

/** Name of the control among readings. */
export const CONTROL = 'control.decrypt';

/**
 * The positive control: a decryption that must succeed, by the attested enclave, of a record that is there for nothing
 * else. Without it a vault in which nothing can be decrypted any more would look perfectly safe.
 * @param decrypt brings the record's value through the API, as any caller gets it
 * @param expected the value
 * @returns `ControlPassed` for the very value, otherwise `CanaryError`. Neither the value nor what came instead is told
 */
export async function controlReading(
  decrypt: (signal: AbortSignal) => Promise<unknown>,
  expected: string,
  limitMs: number,
): Promise<Reading> {
  const called = await answerWithin(limitMs, decrypt);
  if (!called.done) return { probe: CONTROL, outcome: 'CanaryError', reason: wordOf(called.error) };
  if (called.value !== expected) return { probe: CONTROL, outcome: 'CanaryError', reason: 'another_value' };
  return { probe: CONTROL, outcome: 'ControlPassed', reason: 'decrypted' };
}
