// SPDX-License-Identifier: Apache-2.0
import type { Part } from './measure.ts';
import type { NativeCode } from './native.ts';

/** Budgets as docs/tcb.md states them; raising one is a change that a reviewer sees. */
export interface Budget {
  readonly ourLines: number;
  readonly otherLines: number;
  readonly packages: number;
  readonly nativeLines: number;
}

const BUDGET = /<!-- budget: our lines (\d+), others' lines (\d+), packages (\d+), native lines (\d+) -->/;

export function readBudget(page: string): Budget {
  const [, ourLines, otherLines, packages, nativeLines] = BUDGET.exec(page) ?? [];
  if (!ourLines || !otherLines || !packages || !nativeLines) throw new Error('docs/tcb.md states no budget');
  return {
    ourLines: Number(ourLines),
    otherLines: Number(otherLines),
    packages: Number(packages),
    nativeLines: Number(nativeLines),
  };
}

export function totals(parts: readonly Part[], native: NativeCode): Budget {
  const lines = (ours: boolean) => parts.filter((p) => p.ours === ours).reduce((sum, p) => sum + p.lines, 0);
  const packages = parts.filter((p) => !p.ours).length;
  return { ourLines: lines(true), otherLines: lines(false), packages, nativeLines: native.lines };
}

/** One line for each budget that is exceeded. */
export function exceeded(parts: readonly Part[], native: NativeCode, budget: Budget): string[] {
  const actual = totals(parts, native);
  return (Object.keys(budget) as (keyof Budget)[])
    .filter((name) => actual[name] > budget[name])
    .map((name) => `${name}: ${actual[name]}, budget ${budget[name]}`);
}

/** The page between its two markers: what is measured; the words around it are written by hand. */
export function table(parts: readonly Part[], native: NativeCode): string {
  const { ourLines, otherLines, packages } = totals(parts, native);
  const sizes = Object.entries(native.bytes)
    .map(([architecture, bytes]) => `${bytes} (${architecture})`)
    .join(', ');
  const row = (p: Part) =>
    `| ${p.name} | ${p.ours ? '' : p.version} | ${p.licence} | ${p.files} | ${p.lines} | ${p.bytes} | ${p.nitroBytes} |`;
  return [
    '| part | version | licence | files | lines of code | bytes in the bundle | in that for AWS |',
    '|---|---|---|---|---|---|---|',
    ...parts.map(row),
    '',
    `Ours: ${ourLines} lines. Others': ${otherLines} lines in ${packages} packages.`,
    '',
    '| native, on AWS only | version | licence | source files | lines of C++ and assembly | bytes of the addon |',
    '|---|---|---|---|---|---|',
    `| ${native.name} | ${native.version} | ${native.licence} | ${native.files} | ${native.lines} | ${sizes} |`,
  ].join('\n');
}

const START = '<!-- measured by npm run tcb-report -->';
const END = '<!-- end of what is measured -->';

/** @throws Error when the page has no markers */
export function withTable(page: string, parts: readonly Part[], native: NativeCode): string {
  const [before, rest] = page.split(START);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error('docs/tcb.md has no markers');
  return `${before}${START}\n${table(parts, native)}\n${END}${after}`;
}
