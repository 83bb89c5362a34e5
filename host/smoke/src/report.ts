// SPDX-License-Identifier: Apache-2.0

/** How a smoke test ended. Stable: the deploy command and its docs tell by them what to look at. */
export type SmokeCode =
  | 'passed'
  /** The function was not told where the API is, or has no credentials. */
  | 'misconfigured'
  /** No answer: network, name or TLS. */
  | 'unreachable'
  /** The vault says that a part of it does not work, until there was no more time. */
  | 'unhealthy'
  /** A call that must work was answered with an error. */
  | 'call_failed'
  /** A call worked, and its answer is not what it should be. */
  | 'answer_wrong'
  /** A call that must be refused was not, or with another answer. */
  | 'not_refused';

/** One check, in the order in which they were made. Holds no id, no value and no header. */
export interface SmokeCheck {
  readonly name: string;
  readonly ok: boolean;
  /** Of the answer. */
  readonly status?: number;
  /** Of a problem document, or why there was no answer (`ECONNREFUSED`). */
  readonly code?: string;
  /** Milliseconds. */
  readonly ms?: number;
  /** Parts of the vault that do not work. */
  readonly parts?: readonly string[];
}

export interface SmokeReport {
  readonly ok: boolean;
  /** Of the first check that failed. */
  readonly code: SmokeCode;
  readonly checks: readonly SmokeCheck[];
}

/** Ends the test: nothing after it would say anything. */
export class SmokeFailure extends Error {
  override readonly name = 'SmokeFailure';
  readonly code: Exclude<SmokeCode, 'passed'>;

  constructor(code: Exclude<SmokeCode, 'passed'>) {
    super(code);
    this.code = code;
  }
}
