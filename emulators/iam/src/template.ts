// SPDX-License-Identifier: Apache-2.0
import type { RequestContext } from './context.ts';
import {
  ANY,
  ANY_BUT_COLON,
  COLON,
  type Glob,
  type Matcher,
  matcher,
  matchGlob,
  ONE,
  ONE_BUT_COLON,
  pushText,
} from './glob.ts';

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

interface Variable {
  /** In lower case. */
  readonly key: string;
  readonly fallback: string | null;
}

export interface Template {
  readonly parts: readonly (Glob | Variable)[];
  readonly fold: boolean;
  /** What the parts amount to when there is no variable among them. */
  readonly glob: Glob | null;
  readonly matches: Matcher | null;
}

/** @returns null when a `${` opens no variable */
export function parseTemplate(source: string, options: TemplateOptions): Template | null {
  const fold = options.fold ?? false;
  const parts: (Glob | Variable)[] = [];
  let glob: number[] = [];
  let colons = 0;
  for (let at = 0; at < source.length; ) {
    if (options.variables && source.startsWith('${', at)) {
      const variable = readVariable(source.slice(at));
      if (variable === null) return null;
      at += variable.length;
      if (variable.literal !== null) pushText(glob, variable.literal);
      else {
        parts.push(glob, variable);
        glob = [];
      }
      continue;
    }
    const character = source.charAt(at++);
    if (character === ':') colons++;
    const inSegment = options.wildcards === 'arn' && colons < 5;
    const wild = options.wildcards === 'none' ? null : wildcard(character, inSegment, source.charCodeAt(at));
    if (wild === null) pushText(glob, fold ? character.toLowerCase() : character);
    else glob.push(wild);
  }
  parts.push(glob);
  const fixed = parts.every(isGlob) ? parts.flat() : null;
  return { parts, fold, glob: fixed, matches: fixed && matcher(fixed) };
}

/** Whether a text fits. A variable without a single value and without a default fits nothing. */
export function matchTemplate(template: Template, text: string, context: RequestContext): boolean {
  const actual = template.fold ? text.toLowerCase() : text;
  if (template.matches !== null) return template.matches(actual);
  const glob = expand(template, context);
  return glob !== null && matchGlob(glob, actual);
}

/**
 * The template with its variables' values in place, where wildcards in a value are plain characters.
 * @returns null when a variable has neither a single value nor a default
 */
export function expand(template: Template, context: RequestContext): Glob | null {
  const glob: number[] = [];
  for (const part of template.parts) {
    if (isGlob(part)) {
      for (const unit of part) glob.push(unit);
      continue;
    }
    const values = context.get(part.key) ?? [];
    const value = values.length === 1 ? values[0] : part.fallback;
    if (value === undefined || value === null) return null;
    pushText(glob, template.fold ? value.toLowerCase() : value);
  }
  return glob;
}

/** A `*` that ends its part of an ARN may run on beyond the colon; any other wildcard stays inside. */
function wildcard(character: string, inSegment: boolean, next: number): number | null {
  if (character === '?') return inSegment ? ONE_BUT_COLON : ONE;
  if (character !== '*') return null;
  const endsPart = Number.isNaN(next) || next === COLON;
  return inSegment && !endsPart ? ANY_BUT_COLON : ANY;
}

function isGlob(part: Glob | Variable): part is Glob {
  return Array.isArray(part);
}

/** Reads `${key}`, `${key, 'default'}`, or one of `${*}`, `${?}` and `${$}`, at the start of a text. */
function readVariable(text: string): (Variable & { literal: string | null; length: number }) | null {
  const [special, literal] = /^\$\{([*?$])\}/.exec(text) ?? [];
  if (special !== undefined && literal !== undefined) {
    return { key: '', fallback: null, literal, length: special.length };
  }
  const [all, name = '', fallback = null] = /^\$\{([^,}'${]+)(?:,\s*'([^']*)'\s*)?\}/.exec(text) ?? [];
  const key = name.trim().toLowerCase();
  if (all === undefined || key === '') return null;
  return { key, fallback, literal: null, length: all.length };
}
