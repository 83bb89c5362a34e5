// SPDX-License-Identifier: Apache-2.0
import type { Subject } from './subject.ts';

/** `skipped`: cannot be told from here, which `seen` explains; `warn`: works, and should be looked after. */
export type Status = 'ok' | 'warn' | 'fail' | 'skipped';

/** What a check found of one thing. */
export interface Outcome {
  /** Of several alike, which: `vault key`. */
  readonly of?: string;
  readonly status: Status;
  /** One line: names, states and times; never a secret. */
  readonly seen: string;
  /** How to mend this very thing, where the check's general advice is not enough. */
  readonly mend?: string;
}

/** One check of a deployment. */
export interface Check {
  /** Stable, snake_case: scripts compare it. */
  readonly name: string;
  /** What it proves, for docs/doctor.md. */
  readonly proves: string;
  /** How to mend what it finds. */
  readonly mend: string;
  /** The same on the machine of a local vault, where there is nothing to deploy and no CloudTrail. */
  readonly mendLocal?: string;
  /** Milliseconds; what takes longer failed. Default 5 s. */
  readonly limitMs?: number;
  readonly run: (subject: Subject) => Promise<readonly Outcome[]>;
}

/** A line of the report. */
export interface Finding extends Outcome {
  readonly check: string;
}

/** Thrown by a check that cannot look from here. */
export class Skip extends Error {}

const LIMIT_MS = 5_000;

/** Runs all checks at once, each within its own time; a check that breaks is a finding like any other. */
export async function runChecks(checks: readonly Check[], subject: Subject): Promise<Finding[]> {
  const found = await Promise.all(
    checks.map(async (check) => {
      const outcomes = await limited(check, subject);
      return outcomes.map((outcome) => ({
        check: check.name,
        ...outcome,
        ...(outcome.status === 'warn' || outcome.status === 'fail'
          ? { mend: outcome.mend ?? mendOf(check, subject) }
          : {}),
      }));
    }),
  );
  return found.flat();
}

const mendOf = ({ mend, mendLocal }: Check, { production }: Subject): string =>
  production ? mend : (mendLocal ?? mend);

async function limited(check: Check, subject: Subject): Promise<readonly Outcome[]> {
  const { limitMs = LIMIT_MS } = check;
  const { promise: late, resolve } = Promise.withResolvers<readonly Outcome[]>();
  const timer = setTimeout(
    () => resolve([{ status: 'fail', seen: `no answer within ${limitMs / 1000} s` }]),
    limitMs,
  );
  try {
    return await Promise.race([check.run(subject), late]);
  } catch (error) {
    return [failureOutcome(error)];
  } finally {
    clearTimeout(timer);
  }
}

/**
 * What an error on the way to a service means for a check. That there are no usable credentials is one finding, of the
 * check `credentials`, and not one of each thing that could not be looked at; not to be allowed to look is none.
 */
export function failureOutcome(error: unknown): Outcome {
  if (error instanceof Skip) return { status: 'skipped', seen: error.message };
  const code = codeOf(error);
  if (/^(CredentialsProviderError|ExpiredToken.*)$/.test(code))
    return { status: 'skipped', seen: `${EXPLAINED[code] ?? 'no credentials'}: see credentials` };
  if (/^AccessDenied/.test(code))
    return { status: 'skipped', seen: 'these credentials may not look: ask as the admin or deployment role' };
  const outcome = { status: 'fail', seen: describeFailure(error) } as const;
  if (!UNREACHED.has(code)) return outcome;
  return {
    ...outcome,
    mend: 'Open the way there, or ask from where there is one: DNS, route, VPC endpoint, security group.',
  };
}

const UNREACHED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'TimeoutError',
]);

/** Names of what went wrong on the way to a service; messages may hold what was sent. */
export function describeFailure(error: unknown): string {
  const code = codeOf(error);
  const known = EXPLAINED[code];
  return known === undefined ? `failed with ${code}` : `${known} (${code})`;
}

/** The name of AWS's error, or Node's code of a broken connection. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return /^[\w.-]{1,80}$/.test(code) ? code : 'unknown';
}

const EXPLAINED: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was closed',
  ENOENT: 'nothing is there',
  ENOTFOUND: 'the name does not resolve',
  EAI_AGAIN: 'the name does not resolve',
  ETIMEDOUT: 'no way there: security group, route or endpoint',
  EHOSTUNREACH: 'no way there: security group, route or endpoint',
  TimeoutError: 'no answer in time: security group, route or endpoint',
  CERT_HAS_EXPIRED: 'the certificate has expired, or a clock is wrong',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet: a clock is wrong',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate chains to another root than the one configured',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate chains to another root than the one configured',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate chains to another root than the one configured',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate chains to another root than the one configured',
  UNABLE_TO_GET_ISSUER_CERT: 'the certificate chains to another root than the one configured',
  CERT_SIGNATURE_FAILURE: 'the certificate was signed by another key than the configured root’s',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name',
  CredentialsProviderError: 'there are no AWS credentials here',
  ExpiredToken: 'the credentials have expired',
  ExpiredTokenException: 'the credentials have expired',
  InvalidClientTokenId: 'AWS does not know these credentials',
  UnrecognizedClientException: 'AWS does not know these credentials',
  SignatureDoesNotMatch: 'the secret does not belong to the access key, or the clock is wrong',
  InvalidSignatureException: 'the secret does not belong to the access key, or the clock is wrong',
  AccessDenied: 'these credentials may not',
  AccessDeniedException: 'these credentials may not',
  NotFoundException: 'there is no such thing',
  ResourceNotFoundException: 'there is no such thing',
};
