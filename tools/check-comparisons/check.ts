// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ALLOWED, type Allowed, HELPERS } from './allowed.ts';
import { comparesItself, comparisonsOf } from './comparisons.ts';

export interface Lists {
  readonly allowed: readonly Allowed[];
  readonly helpers: Readonly<Record<string, string>>;
}

/**
 * One line a problem, `file:line: source: why`: secrets that are not compared in constant time, helpers that are not listed, and
 * exceptions that nothing needs any more.
 * @param sources paths relative to `root`
 */
export function problems(
  root: string,
  sources: readonly string[],
  { allowed, helpers }: Lists = { allowed: ALLOWED, helpers: HELPERS },
): string[] {
  const used = new Set<Allowed>();
  const found: string[] = [];
  const helping = new Set<string>();
  for (const file of sources) {
    const source = readFileSync(join(root, file), 'utf8');
    for (const { line, text } of comparisonsOf(file, source)) {
      const exception = allowed.find((one) => one.file === file && (one.text ?? text) === text);
      if (exception === undefined) found.push(`${file}:${line}: ${text}: not in constant time`);
      else used.add(exception);
    }
    if (!comparesItself(file, source)) continue;
    helping.add(file);
    if (!Object.hasOwn(helpers, file))
      found.push(`${file}: timingSafeEqual: use equalBytes, or list the helper`);
  }
  for (const one of allowed)
    if (!used.has(one)) found.push(`${one.file}: ${one.text ?? 'any'}: allowed, and nothing needs it`);
  for (const file of Object.keys(helpers))
    if (!helping.has(file)) found.push(`${file}: a helper that does not use timingSafeEqual`);
  return found;
}
