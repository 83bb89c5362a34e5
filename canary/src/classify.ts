// SPDX-License-Identifier: Apache-2.0

/** What a probe found. Each is a metric with an alarm of its own. */
export const OUTCOMES = ['ExpectedDenied', 'UnexpectedAllow', 'CanaryError'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface Finding {
  readonly outcome: Outcome;
  /** For the log: a word of ours or the name of KMS's error, never its message. */
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
function wordOf(error: unknown, name: string): string {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  const word = typeof code === 'string' ? code : name;
  return /^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(word) ? word : 'unknown';
}
