// SPDX-License-Identifier: Apache-2.0
import type { RequestContext } from './context.ts';

/**
 * Values of a policy: text with `*`, `?` and policy variables. Sources: IAM User Guide, "IAM JSON policy elements:
 * Resource" (wildcards in ARNs) and "IAM policy elements: Variables and tags".
 */
export interface TemplateOptions {
  /** Policy variables, which documents of version 2008-10-17 do not have. */
  readonly variables: boolean;
  /** `text`: wildcards span anything. `arn`: inside the first five parts of an ARN they stop at the colon. */
  readonly wildcards: 'none' | 'text' | 'arn';
  /** Compare without regard to case. */
  readonly fold?: boolean;
}

/** Code units, and wildcards below zero. */
export type Glob = readonly number[];

interface Variable {
  readonly key: string;
  readonly fallback: string | null;
}

export interface Template {
  readonly parts: readonly (Glob | Variable)[];
  readonly fold: boolean;
  /** What the parts amount to when there is no variable among them. */
  readonly fixed: Matcher | null;
}

type Matcher = (text: string) => boolean;

const COLON = 58;
const ANY = -1;
const ONE = -2;
const ANY_IN_SEGMENT = -3;
const ONE_IN_SEGMENT = -4;

/** A lone `*`. */
export const isEverything = (glob: Glob): boolean => glob.length === 1 && glob[0] === ANY;

/** @returns null when a `${` opens no variable */
export function parseTemplate(source: string, options: TemplateOptions): Template | null {
  const fold = options.fold ?? false;
  const parts: (Glob | Variable)[] = [];
  let glob: number[] = [];
  let colons = 0;
  for (let at = 0; at < source.length; ) {
    if (options.variables && source.startsWith('${', at)) {
      const variable = readVariable(source, at + 2);
      if (variable === null) return null;
      at = variable.end;
      if ('literal' in variable) {
        glob.push(variable.literal.charCodeAt(0));
        continue;
      }
      if (glob.length > 0) parts.push(glob);
      glob = [];
      parts.push(variable);
      continue;
    }
    const unit = source.charCodeAt(at++);
    const wild = options.wildcards === 'none' ? null : wildcard(unit);
    if (unit === COLON) colons++;
    if (wild === null)
      pushText(glob, fold ? String.fromCharCode(unit).toLowerCase() : String.fromCharCode(unit));
    else glob.push(options.wildcards === 'arn' && colons < 5 ? withinSegment(wild, source, at) : wild);
  }
  if (glob.length > 0) parts.push(glob);
  const fixed = parts.every(isGlob) ? matcher(parts.flat()) : null;
  return { parts, fold, fixed };
}

/** Whether a text fits. A variable without a single value and without a default fits nothing. */
export function matchTemplate(template: Template, text: string, context: RequestContext): boolean {
  const actual = template.fold ? text.toLowerCase() : text;
  if (template.fixed !== null) return template.fixed(actual);
  const glob = expand(template, context);
  return glob !== null && matchGlob(glob, actual);
}

/** The template with its variables' values in place, where wildcards in a value are plain characters. */
export function expand(template: Template, context: RequestContext): Glob | null {
  const glob: number[] = [];
  for (const part of template.parts) {
    if (isGlob(part)) {
      for (const unit of part) glob.push(unit);
      continue;
    }
    const values = context.get(part.key);
    const value = values !== undefined && values.length === 1 ? values[0] : part.fallback;
    if (value === undefined || value === null) return null;
    const text = template.fold ? value.toLowerCase() : value;
    pushText(glob, text);
  }
  return glob;
}

function pushText(glob: number[], text: string): void {
  for (let at = 0; at < text.length; at++) glob.push(text.charCodeAt(at));
}

/** All positions of the pattern are followed at once: no backtracking, so no pattern is slow. */
export function matchGlob(glob: Glob, text: string): boolean {
  let states = new Uint8Array(glob.length + 1);
  states[0] = 1;
  skipEmptyRuns(glob, states);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    const next = new Uint8Array(glob.length + 1);
    let alive = false;
    for (let state = 0; state < glob.length; state++) {
      if (states[state] === 0) continue;
      const want = glob[state] ?? ONE;
      if (want < 0 && want < ONE && unit === COLON) continue;
      if (want === ANY || want === ANY_IN_SEGMENT) next[state] = 1;
      else if (want < 0 || want === unit) next[state + 1] = 1;
      else continue;
      alive = true;
    }
    if (!alive) return false;
    skipEmptyRuns(glob, next);
    states = next;
  }
  return states[glob.length] === 1;
}

function skipEmptyRuns(glob: Glob, states: Uint8Array): void {
  for (let state = 0; state < glob.length; state++) {
    if (states[state] === 1 && (glob[state] === ANY || glob[state] === ANY_IN_SEGMENT)) states[state + 1] = 1;
  }
}

/** Nearly all patterns are plain text, `*`, or text and one `*`: compare those as strings. */
function matcher(glob: Glob): Matcher {
  if (isEverything(glob)) return () => true;
  const wild = glob.findIndex((unit) => unit < 0);
  const text = String.fromCharCode(...(wild === -1 ? glob : glob.slice(0, wild)));
  if (wild === -1) return (actual) => actual === text;
  if (wild === glob.length - 1 && glob[wild] === ANY) return (actual) => actual.startsWith(text);
  return (actual) => actual.startsWith(text) && matchGlob(glob, actual);
}

function wildcard(unit: number): typeof ANY | typeof ONE | null {
  if (unit === 42) return ANY;
  return unit === 63 ? ONE : null;
}

/** A `*` that ends its part of the ARN may run on beyond the colon; any other wildcard stays inside. */
function withinSegment(wild: number, text: string, next: number): number {
  if (wild === ONE) return ONE_IN_SEGMENT;
  return next === text.length || text.charCodeAt(next) === COLON ? ANY : ANY_IN_SEGMENT;
}

function isGlob(part: Glob | Variable): part is Glob {
  return Array.isArray(part);
}

function readVariable(
  text: string,
  start: number,
): (({ literal: string } | Variable) & { end: number }) | null {
  const special = text.slice(start, start + 2);
  if (special === '*}' || special === '?}' || special === '$}') {
    return { literal: special.charAt(0), end: start + 2 };
  }
  const rest = text.slice(start);
  const match = /^([^,}'${]+)(?:,\s*'([^']*)'\s*)?\}/.exec(rest);
  const key = match?.[1]?.trim().toLowerCase();
  if (match === null || key === undefined || key === '') return null;
  return { key, fallback: match[2] ?? null, end: start + match[0].length };
}
