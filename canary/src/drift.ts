// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { canonicalText } from '@enclave-vault/policies';
import type { Reading } from './run.ts';

/** A statement of a policy that is not as it was deployed. */
export interface Drift {
  readonly change: 'missing' | 'added' | 'changed';
  /** The statement's, where it can be shown. */
  readonly sid: string;
}

/** What a policy must say: the document, or the text that `digestOf` made of it. */
export type ExpectedPolicy = object | string;

/** Of this format. A digest of another one is refused, not compared. */
const FORMAT = 'policy/1';
/** Octets of each SHA-256 that are kept: nobody finds another statement for 128 bits that are given. */
const KEPT_BYTES = 16;
const SID = /^[A-Za-z0-9]{1,64}$/;
/** As many as a log line should hold; a policy that is another one altogether has no more to say. */
const MAX_TOLD = 20;

/**
 * A policy as short text, for where a document is too long (a Lambda function's environment holds 4 KB): the format, the
 * policy's Version, and each statement as `Sid:SHA-256` of its canonical form, the first 16 octets in base64url.
 * @throws {TypeError} for a policy whose statements cannot be told apart by Sids of letters and digits
 */
export function digestOf(policy: object): string {
  const { version, statements } = partsOf(policy);
  const named = statements.map(({ sid, digest }) => {
    if (!SID.test(sid)) throw new TypeError('a statement has no Sid of letters and digits');
    return `${sid}:${digest}`;
  });
  if (new Set(statements.map(({ sid }) => sid)).size !== named.length || named.length === 0)
    throw new TypeError('statements need a Sid each');
  return [FORMAT, version, ...named].join(' ');
}

/**
 * Compares a policy with the one that was deployed, statement by statement. What says nothing in a policy is no
 * difference: order, lists of one, the Id.
 * @param live the document as its service gave it, parsed
 * @throws {TypeError} when what is expected cannot be read: then nothing was compared
 */
export function driftOf(expected: ExpectedPolicy, live: unknown): readonly Drift[] {
  const wanted = readExpected(expected);
  const found = partsOf(live);
  const drifts: Drift[] = [];
  if (found.version !== wanted.version) drifts.push({ change: 'changed', sid: 'Version' });
  const left = [...found.statements];
  const take = (which: (one: Part) => boolean): boolean => {
    const index = left.findIndex(which);
    if (index !== -1) left.splice(index, 1);
    return index !== -1;
  };
  // Equal ones are paired first: a second statement under a known Sid is an added one, and not a change.
  const open = wanted.statements.filter(
    ({ sid, digest }) => !take((one) => one.sid === sid && one.digest === digest),
  );
  const drifted = open.map(
    ({ sid }): Drift => ({ change: take((one) => one.sid === sid) ? 'changed' : 'missing', sid }),
  );
  // What somebody put there comes first, since a log line ends somewhere.
  for (const { sid } of left) drifts.push({ change: 'added', sid: SID.test(sid) ? sid : 'unnamed' });
  return [...drifts, ...drifted];
}

/**
 * A comparison as readings of a canary: one for each statement that differs, or that all is as deployed.
 * @param name `vault.policy`
 * @param expected states that were declared, one of which the policy must be in as a whole: two while a rollout goes on
 */
export function driftReadings(
  name: string,
  expected: readonly ExpectedPolicy[],
  live: unknown,
): readonly Reading[] {
  const failed = (reason: string): Reading[] => [{ probe: name, outcome: 'CanaryError', reason }];
  if (expected.length === 0) return failed('nothing_expected');
  let compared: readonly (readonly Drift[])[];
  try {
    compared = expected.map((state) => driftOf(state, live));
  } catch {
    return failed('expected_unreadable');
  }
  const nearest = compared.reduce((best, next) => (next.length < best.length ? next : best));
  if (nearest.length === 0) return [{ probe: name, outcome: 'AsDeployed', reason: 'same_statements' }];
  const told = nearest.slice(0, MAX_TOLD).map(({ change, sid }) => `${change} ${sid}`);
  if (nearest.length > MAX_TOLD) told.push(`and ${nearest.length - MAX_TOLD} more`);
  return told.map((reason) => ({ probe: name, outcome: 'PolicyDrift', reason }));
}

interface Part {
  readonly sid: string;
  readonly digest: string;
}

interface Parts {
  readonly version: string;
  readonly statements: readonly Part[];
}

/** Of whatever there is: a document that is none has no statement, so that every one is missing. */
function partsOf(policy: unknown): Parts {
  if (typeof policy !== 'object' || policy === null) return { version: '', statements: [] };
  const version = 'Version' in policy ? String(policy.Version) : '';
  const given: unknown = 'Statement' in policy ? policy.Statement : [];
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  return { version, statements: list.map((one) => ({ sid: sidOf(one), digest: digest(one) })) };
}

function readExpected(expected: ExpectedPolicy): Parts {
  if (typeof expected !== 'string') {
    const parts = partsOf(expected);
    if (parts.statements.length === 0) throw new TypeError('the expected policy has no statement');
    return parts;
  }
  const [format, version = '', ...named] = expected.split(' ');
  if (format !== FORMAT || named.length === 0) throw new TypeError(`no digest of the format ${FORMAT}`);
  const statements = named.map((one) => {
    const [, sid, text] = /^([A-Za-z0-9]{1,64}):([A-Za-z0-9_-]{22})$/.exec(one) ?? [];
    if (sid === undefined || text === undefined) throw new TypeError('a part of a digest cannot be read');
    return { sid, digest: text };
  });
  return { version, statements };
}

function sidOf(statement: unknown): string {
  if (typeof statement !== 'object' || statement === null || !('Sid' in statement)) return '';
  return typeof statement.Sid === 'string' ? statement.Sid : '';
}

function digest(statement: unknown): string {
  return createHash('sha256')
    .update(canonicalText(statement))
    .digest()
    .subarray(0, KEPT_BYTES)
    .toString('base64url');
}
