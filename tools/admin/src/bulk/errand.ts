// SPDX-License-Identifier: Apache-2.0
import { VAULT_ERRORS } from '@enclave-vault/vault';
import { AdminError } from '../errors.ts';
import { printable } from '../printable.ts';
import type { Flow } from './flow.ts';
import { pauseAfter } from './flow.ts';
import { membersOf, nameOf, type Problem } from './http.ts';
import type { Outcome, Sendable } from './row.ts';
import { member } from './schema.ts';

/** What is done with rows: how they are sent, and what an answer means. */
export interface Errand {
  readonly path: '/v1/vaults:batch' | '/v1/vaults:decrypt';
  /** The first line of a stream, before its items. */
  readonly ask: string | undefined;
  /** One item, as JSON. */
  item(row: Sendable): string;
  /** The body of a call with all of these. */
  body(rows: readonly Sendable[]): string;
  /** A result without an error. @param text as it came, where it came as a line @returns undefined: it is none */
  done(row: Sendable, result: unknown, text: string | undefined): Outcome | undefined;
  /** A result with one that is for good. */
  refused(row: Sendable, outcome: Outcome & { readonly ok: false }): Outcome;
}

/** The caller is not let in, or the call is not one of this vault: another try would be no other. */
const FOR_GOOD_BELOW = 500;
const PASSING_STATUS: ReadonlySet<number> = new Set([408, 425, 429]);
const PASSING: ReadonlySet<string> = new Set([
  ...Object.entries(VAULT_ERRORS).flatMap(([code, [status]]) => (status === 503 ? [code] : [])),
  'conflict',
  'rate_limited',
  'starting',
  'stopping',
  'request_timeout',
  'gateway_timeout',
]);
/** Of these every other row would be one as well. */
const OF_ALL: ReadonlySet<string> = new Set(
  [...PASSING].filter((code) => code !== 'conflict' && code !== 'timed_out'),
);
/** Of these the vault is well, and has given this caller, or all, what it gives for now. */
const LIMITS: ReadonlySet<string> = new Set(['rate_limited', 'decryptions_limited']);
/**
 * Of these, in a decryption, one record's own may be the cause: a key that KMS has no use for, or takes too long about; what the
 * enclave cannot answer; a log that others write to. A creation has no such cause, and may have been done: it is never given up.
 */
const OF_ONE: ReadonlySet<string> = new Set([
  'kms_unavailable',
  'enclave_not_trusted',
  'enclave_unavailable',
  'timed_out',
  'audit_busy',
]);
/** The vault failed at this row, or had no more room for it in an answer: perhaps it was the moment. */
const ROW_PASSING: ReadonlySet<string> = new Set(['internal', 'answer_too_large']);
const FAILURES = 4;
const EXPIRED = '401 unauthenticated: the key or token has expired, or was revoked';

/** Whether a call that was answered by this problem may have been done all the same, in part: a gateway may not have waited. */
export const mayBeDone = ({ status }: Problem): boolean => status === 408 || status >= FOR_GOOD_BELOW;

/** @returns the error that ends the job, when a call was answered by a problem that will not pass */
export function fatal({ status, code, members }: Problem, errand: Errand): AdminError | undefined {
  if (PASSING_STATUS.has(status) || status >= FOR_GOOD_BELOW) return undefined;
  const named = members.map(({ path, code: why }) => `${printable(path)} ${why}`).join(', ');
  const hint =
    status === 413 || status === 415
      ? '; behind API Gateway, --batch sends documents in place of streams'
      : status === 404 || status === 405
        ? `; is there an Enclave Vault with ${errand.path}?`
        : '';
  return new AdminError('request_failed', `${status} ${code}${named === '' ? '' : `: ${named}`}${hint}`);
}

/**
 * Takes one result, of a stream or of a document.
 * @returns false: it is none, and what sent it speaks another language
 */
export function takeResult(
  flow: Flow,
  errand: Errand,
  row: Sendable,
  result: unknown,
  text: string | undefined,
): boolean {
  const error = member(result, 'error');
  if (error === undefined) {
    const outcome = errand.done(row, result, text);
    if (outcome !== undefined) flow.answer(row, outcome);
    return outcome !== undefined;
  }
  const code = nameOf(member(error, 'code'));
  if (code === undefined) return false;
  const expired = code === 'unauthenticated';
  const ofOne = errand.path === '/v1/vaults:decrypt' && OF_ONE.has(code);
  const failing = ofOne ? flow.failing.failed(row) : 'perhaps_of_all';
  const passes =
    expired ||
    (PASSING.has(code) && failing !== 'for_good') ||
    (ROW_PASSING.has(code) && row.failures < FAILURES);
  if (!passes) {
    const members = membersOf(member(error, 'members'));
    const refusal = { code, ...(members.length > 0 && { members }) };
    flow.answer(row, errand.refused(row, { ok: false, refusal }));
    return true;
  }
  row.failures += 1;
  // Commonly the next call is refused as a whole, which ends the job. A later one, with another key or token, asks for this row again.
  if (expired && row.failures > FAILURES) flow.fail(new AdminError('request_failed', EXPIRED));
  const after = Number(member(error, 'retry_after'));
  const pause = Math.max(pauseAfter(row.failures), Number.isFinite(after) ? Math.min(after, 3600) * 1000 : 0);
  if (expired || (OF_ALL.has(code) && failing === 'perhaps_of_all'))
    flow.holdOff(pause, { limited: LIMITS.has(code) });
  flow.giveBack(row, code, pause);
  return true;
}
