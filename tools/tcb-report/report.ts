// SPDX-License-Identifier: Apache-2.0
import type { Part } from './measure.ts';

/** Budgets as docs/tcb.md states them; raising one is a change that a reviewer sees. */
export interface Budget {
  readonly ourLines: number;
  readonly otherLines: number;
  readonly packages: number;
}

const BUDGET = /<!-- budget: our lines (\d+), others' lines (\d+), packages (\d+) -->/;

export function readBudget(page: string): Budget {
  const [, ourLines, otherLines, packages] = BUDGET.exec(page) ?? [];
  if (!ourLines || !otherLines || !packages) throw new Error('docs/tcb.md states no budget');
  return { ourLines: Number(ourLines), otherLines: Number(otherLines), packages: Number(packages) };
}

export function totals(parts: readonly Part[]): Budget {
  const lines = (ours: boolean) => parts.filter((p) => p.ours === ours).reduce((sum, p) => sum + p.lines, 0);
  return { ourLines: lines(true), otherLines: lines(false), packages: parts.filter((p) => !p.ours).length };
}

/** One line for each budget that is exceeded. */
export function exceeded(parts: readonly Part[], budget: Budget): string[] {
  const actual = totals(parts);
  return (Object.keys(budget) as (keyof Budget)[])
    .filter((name) => actual[name] > budget[name])
    .map((name) => `${name}: ${actual[name]}, budget ${budget[name]}`);
}

/** The page between its two markers: what is measured; the words around it are written by hand. */
export function table(parts: readonly Part[]): string {
  const { ourLines, otherLines, packages } = totals(parts);
  const row = (p: Part) =>
    `| ${p.name} | ${p.ours ? '' : p.version} | ${p.licence} | ${p.files} | ${p.lines} | ${p.bytes} |`;
  return [
    '| part | version | licence | files | lines of code | bytes in the bundle |',
    '|---|---|---|---|---|---|',
    ...parts.map(row),
    '',
    `Ours: ${ourLines} lines. Others': ${otherLines} lines in ${packages} packages.`,
  ].join('\n');
}

const START = '<!-- measured by npm run tcb-report -->';
const END = '<!-- end of what is measured -->';

/** @throws Error when the page has no markers */
export function withTable(page: string, parts: readonly Part[]): string {
  const [before, rest] = page.split(START);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error('docs/tcb.md has no markers');
  return `${before}${START}\n${table(parts)}\n${END}${after}`;
}
