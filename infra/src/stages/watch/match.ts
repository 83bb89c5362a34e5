// SPDX-License-Identifier: Apache-2.0
import { InfraError } from '../../errors.ts';

/*
 * What to look for in CloudTrail's records, written once and printed twice: as a pattern of EventBridge, and as a filter
 * pattern of CloudWatch Logs.
 */

/** A value that a member of the record may have. */
export type Match =
  | string
  | false
  | { readonly prefix: string }
  | { readonly suffix: string }
  | { readonly contains: string }
  /** Anything but this, and also nothing. */
  | { readonly not: string }
  /** None of these in it, or nothing there. */
  | { readonly notContaining: readonly string[] }
  /** The member is not there. */
  | { readonly absent: true };

/** Member of the record, with dots -> the values of which it has one. All members must match. */
export type Where = Readonly<Record<string, readonly Match[]>>;

/** Calls of which one of the conditions holds. */
export interface Calls {
  /** `kms.amazonaws.com`, as in the record's `eventSource`; absent: of any. */
  readonly source?: string;
  /** As in `eventName`, `*` at the end for any rest. `any`: whatever it does; absent: whatever changes something. */
  readonly names?: readonly string[] | 'any';
  readonly where: readonly Where[];
}

type Pattern = { [member: string]: Pattern | readonly unknown[] };

/** EventBridge takes so many characters. */
export const MAX_EVENT_PATTERN = 2048;
/** CloudWatch Logs takes so many. */
export const MAX_FILTER_PATTERN = 1024;

/**
 * The `detail` of an event pattern (EventBridge User Guide, "Comparison operators for use in event patterns").
 * @throws {InfraError} `template_refused` when it would be too long with what is around it
 */
export function eventDetail(calls: readonly Calls[]): Pattern {
  const [only] = calls;
  const detail =
    calls.length === 1 && only !== undefined
      ? { ...headOf(only), ...either(only.where.map(branchOf)) }
      : either(calls.flatMap((one) => one.where.map((where) => ({ ...headOf(one), ...branchOf(where) }))));
  // Source and type stand beside it.
  if (JSON.stringify(detail).length > MAX_EVENT_PATTERN - 200)
    throw new InfraError('template_refused', 'an event pattern is longer than EventBridge takes');
  return detail;
}

function either(branches: readonly Pattern[]): Pattern {
  const [only] = branches;
  return branches.length === 1 && only !== undefined ? only : { $or: branches };
}

function headOf({ source, names }: Calls): Pattern {
  return {
    ...(source === undefined ? {} : { eventSource: [source] }),
    ...(names === undefined ? { readOnly: [false] } : {}),
    ...(Array.isArray(names) ? { eventName: names.map(nameOf) } : {}),
  };
}

/** The name itself, or the prefix before a `*`. */
function nameOf(name: string): string | { readonly prefix: string } {
  return name.endsWith('*') ? { prefix: name.slice(0, -1) } : name;
}

function branchOf(where: Where): Pattern {
  const branch: Pattern = {};
  for (const [path, matches] of Object.entries(where)) {
    const steps = path.split('.');
    const last = steps.pop() ?? '';
    let at = branch;
    for (const step of steps) {
      const next = at[step];
      const inner: Pattern = next === undefined || Array.isArray(next) ? {} : (next as Pattern);
      at[step] = inner;
      at = inner;
    }
    at[last] = matches.flatMap(eventMatch);
  }
  return branch;
}

function eventMatch(match: Match): readonly unknown[] {
  if (typeof match === 'string' || match === false) return [match];
  if ('contains' in match) return [{ wildcard: `*${match.contains}*` }];
  // Anything-but is about a member that is there.
  if ('not' in match) return [{ 'anything-but': match.not }, { exists: false }];
  if ('notContaining' in match)
    return [
      { 'anything-but': { wildcard: match.notContaining.map((text) => `*${text}*`) } },
      { exists: false },
    ];
  if ('absent' in match) return [{ exists: false }];
  return [match];
}

/**
 * A filter pattern (CloudWatch Logs User Guide, "Using filter patterns to match terms in JSON log events").
 * @param also must hold whichever of the calls it is
 * @throws {InfraError} `template_refused` when it is too long, or a value has a character that would end it
 */
export function filterPattern(calls: readonly Calls[], also: Where = {}): string {
  const branches = calls.map(({ source, names, where }) =>
    and([
      ...(source === undefined ? [] : [comparison('eventSource', source)]),
      ...(names === undefined ? [comparison('readOnly', false)] : []),
      ...(Array.isArray(names) ? [or(names.map((name) => comparison('eventName', nameOf(name))))] : []),
      or(where.map(filterBranch)),
    ]),
  );
  const text = `{ ${and([filterBranch(also), or(branches)])} }`;
  if (text.length > MAX_FILTER_PATTERN)
    throw new InfraError('template_refused', 'a filter pattern is longer than CloudWatch Logs takes');
  return text;
}

function filterBranch(where: Where): string {
  return and(Object.entries(where).map(([path, matches]) => or(matches.map((one) => comparison(path, one)))));
}

const and = (terms: readonly string[]): string => joined(terms, ' && ');
const or = (terms: readonly string[]): string => joined(terms, ' || ');

function joined(terms: readonly string[], operator: string): string {
  const some = terms.filter((term) => term !== '');
  return some.length > 1 ? `(${some.join(operator)})` : (some[0] ?? '');
}

function comparison(path: string, match: Match): string {
  // A record's list of resources: KMS names one.
  const member = `$.${path.replace(/^resources\./, 'resources[0].')}`;
  if (match === false) return `${member} IS FALSE`;
  if (typeof match === 'string') return `${member} = ${quoted(match)}`;
  if ('prefix' in match) return `${member} = ${quoted(`${match.prefix}*`)}`;
  if ('suffix' in match) return `${member} = ${quoted(`*${match.suffix}`)}`;
  if ('contains' in match) return `${member} = ${quoted(`*${match.contains}*`)}`;
  // Whether != holds where there is no member, is not documented.
  const differs = (from: string): string => `(${member} != ${quoted(from)} || ${member} NOT EXISTS)`;
  if ('not' in match) return differs(match.not);
  if ('notContaining' in match) return and(match.notContaining.map((text) => differs(`*${text}*`)));
  return `${member} NOT EXISTS`;
}

function quoted(text: string): string {
  if (!/^[\w:/.@*-]+$/.test(text))
    throw new InfraError('template_refused', 'a filter pattern has a value that would need escaping');
  return `"${text}"`;
}
