// SPDX-License-Identifier: Apache-2.0
import { wordOf } from './classify.ts';
import { driftReadings } from './drift.ts';
import { type Grant, grantReadings } from './grants.ts';
import { COMPARED, type Compared, type Manifest } from './manifest.ts';
import { answerWithin, type Reading } from './run.ts';

/** Looks at what is in force. Each resolves with what the service answered, or throws its error. */
export interface Look {
  /** The policy's text. */
  readonly policy: (of: Compared, signal: AbortSignal) => Promise<string>;
  readonly grants: (key: Exclude<Compared, 'table'>, signal: AbortSignal) => Promise<readonly Grant[]>;
}

/**
 * Compares every policy with what was deployed, and looks for grants. Never throws, and takes no longer than its limit: what
 * could not be looked at is an error of the canary, and no drift.
 * @param manifest read anew for each run; its failure is a reading as well
 * @param limitMs for each call
 */
export async function comparePolicies(
  manifest: () => Promise<Manifest>,
  look: Look,
  limitMs: number,
): Promise<readonly Reading[]> {
  const expected = await answerWithin(limitMs, manifest);
  if (!expected.done)
    return [{ probe: 'manifest', outcome: 'CanaryError', reason: 'manifest_unreadable' }];
  const policies = COMPARED.map(async (of) => {
    const probe = `${of}.policy`;
    const called = await answerWithin(limitMs, async (signal) => await look.policy(of, signal));
    if (!called.done) return failed(probe, called.error);
    return driftReadings(probe, expected.value[of], parsed(called.value));
  });
  const grants = COMPARED.filter((of) => of !== 'table').map(async (key) => {
    const probe = `${key}.grants`;
    const called = await answerWithin(limitMs, async (signal) => await look.grants(key, signal));
    return called.done ? grantReadings(probe, called.value) : failed(probe, called.error);
  });
  return (await Promise.all([...policies, ...grants])).flat();
}

/** A table whose policy was taken away answers with an error of its own: that is every statement missing. */
function failed(probe: string, error: unknown): readonly Reading[] {
  const reason = wordOf(error);
  if (reason === 'PolicyNotFoundException') return [{ probe, outcome: 'PolicyDrift', reason: 'no_policy' }];
  return [{ probe, outcome: 'CanaryError', reason }];
}

/** What is no JSON is a policy without statements. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
