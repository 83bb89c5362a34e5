// SPDX-License-Identifier: Apache-2.0

/**
 * What a canary may come back with. Each is a metric with an alarm of its own.
 * - `ExpectedDenied`: KMS refused, by an explicit Deny of the key's own policy
 * - `UnexpectedAllow`: KMS did it, or would have done it
 * - `PolicyDrift`: a policy says something else than what was deployed, or a key has a grant
 * - `CanaryError`: anything else. Nothing is known then of what the probe was for
 */
export const OUTCOMES = ['ExpectedDenied', 'UnexpectedAllow', 'PolicyDrift', 'CanaryError'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/**
 * The good answers of what is no refusal: `AsDeployed` of a comparison, `ControlPassed` of the positive control. They
 * are counted too: a comparison that was not made is no drift, and yet not well.
 */
export const PASSES = ['AsDeployed', 'ControlPassed'] as const;

/** Everything that a reading may say. */
export const VERDICTS = [...OUTCOMES, ...PASSES] as const;
export type Verdict = (typeof VERDICTS)[number];

/** The outcomes that somebody must hear of, worst first. */
const BAD = ['UnexpectedAllow', 'PolicyDrift', 'CanaryError'] as const;

/** The worst that readings say; undefined when all is well. Of no readings at all nothing is known. */
export function worstOf(
  readings: readonly { readonly outcome: Verdict }[],
): (typeof BAD)[number] | undefined {
  if (readings.length === 0) return 'CanaryError';
  return BAD.find((bad) => readings.some(({ outcome }) => outcome === bad));
}

export function isGood(readings: readonly { readonly outcome: Verdict }[]): boolean {
  return worstOf(readings) === undefined;
}

export interface Finding {
  readonly outcome: Verdict;
  /** For the log: words of ours, the name of KMS's error, or the Sid of a statement; never a message or a value. */
  readonly reason: string;
}

/** How KMS, or the way to it, answered. */
export type Answer = { readonly done: true } | { readonly done: false; readonly error: unknown };

/** How KMS answers a dry run that would have succeeded (API reference, "DryRun"). */
const WOULD_SUCCEED = 'DryRunOperationException';

/**
 * AWS's words for a Deny of the key policy (IAM User Guide, "Troubleshoot access denied error messages"). A refusal in
 * other words says that something else stands in the way, or that the Deny is gone and only an Allow is missing yet: that
 * is not the promise. Should AWS change its words, the canary calls itself broken, and not the vault safe.
 */
const BY_KEY_POLICY = /\bexplicit deny in a resource-based policy\b/;

/**
 * What an answer means. Nothing but the key policy's own Deny is the expected refusal, and nothing that went wrong on
 * the way is taken for one.
 */
export function classify(answer: Answer): Finding {
  if (answer.done) return { outcome: 'UnexpectedAllow', reason: 'done' };
  const { error } = answer;
  const { name, message } = error instanceof Error ? error : { name: '', message: '' };
  if (name === WOULD_SUCCEED) return { outcome: 'UnexpectedAllow', reason: 'would_succeed' };
  if (name !== 'AccessDeniedException') return { outcome: 'CanaryError', reason: wordOf(error, name) };
  if (BY_KEY_POLICY.test(message)) return { outcome: 'ExpectedDenied', reason: 'key_policy' };
  return { outcome: 'CanaryError', reason: 'refused_by_something_else' };
}

/** A name that is safe to log: of the system's error (`ECONNREFUSED`), else of the exception. */
export function wordOf(error: unknown, name = error instanceof Error ? error.name : ''): string {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  const word = typeof code === 'string' ? code : name;
  return /^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(word) ? word : 'unknown';
}
