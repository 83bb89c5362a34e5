// SPDX-License-Identifier: Apache-2.0
import { wordOf } from './classify.ts';
import { driftReadings, type ExpectedPolicy } from './drift.ts';
import { type Grant, grantReadings } from './grants.ts';
import { COMPARED, type Compared } from './manifest.ts';
import { answerWithin, type Reading } from './run.ts';

/** Looks at what is in force. Each resolves with what the service answered, or throws its error. */
export interface Look<P extends string = Compared, K extends P = Exclude<P, 'table'>> {
  /** The policy's text. */
  readonly policy: (of: P, signal: AbortSignal) => Promise<string>;
  readonly grants: (key: K, signal: AbortSignal) => Promise<readonly Grant[]>;
}

/** What there is to be compared: policies by name, and which of them are of keys. */
export interface Subjects<P extends string, K extends P> {
  readonly policies: readonly P[];
  readonly keys: readonly K[];
}

/** On AWS. */
export const DEPLOYED = { policies: COMPARED, keys: ['vault', 'request', 'integrity'] } as const;

/**
 * Compares every policy with what was deployed, and looks for grants. Never throws, and takes no longer than its limit: what
 * could not be looked at is an error of the canary, and no drift.
 * @param manifest for each policy the states in which it may be; read anew for each run, and its failure is a reading as well
 * @param limitMs for each call
 */
export async function comparePolicies<P extends string, K extends P>(
  subjects: Subjects<P, K>,
  manifest: () => Promise<Readonly<Record<P, readonly ExpectedPolicy[]>>>,
  look: Look<P, K>,
  limitMs: number,
): Promise<readonly Reading[]> {
  const expected = await answerWithin(limitMs, manifest);
  if (!expected.done) return [{ probe: 'manifest', outcome: 'CanaryError', reason: 'manifest_unreadable' }];
  const policies = subjects.policies.map(async (of) => {
    const probe = `${of}.policy`;
    const called = await answerWithin(limitMs, async (signal) => await look.policy(of, signal));
    if (!called.done) return failed(probe, called.error);
    return driftReadings(probe, expected.value[of], parsed(called.value));
  });
  const grants = subjects.keys.map(async (key) => {
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
