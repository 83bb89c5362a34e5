// SPDX-License-Identifier: Apache-2.0
/**
 * docs/performance.md, its plots and docs/comparison.md from the published results in bench/results: `node bench/page.ts`, and `--check` to fail when they
 * are stale. A section is bench/page/NAME.ts: `section(result)` gives Markdown, `plots(result)`, where there are any, SVG by file name.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { comparisonPage } from './page/comparison.ts';
import { INTRODUCTION, SECTIONS } from './page/sections.ts';
import { type Run, readResult } from './support/run.ts';

/** What bench/page/NAME.ts exports: it knows the shape of its own result. */
export interface Section {
  section(result: Run): string;
  plots?(result: Run): Readonly<Record<string, string>>;
}

const root = join(import.meta.dirname, '..');
const page = join(root, 'docs/performance.md');
const folder = join(root, 'docs/performance');
const check = process.argv.includes('--check');
const wanted = new Map<string, string>();
const parts = [INTRODUCTION];
// A reader must not take a page without them for all that can be said.
const missing: string[] = [];
for (const name of SECTIONS) {
  const result = readResult(name);
  const made = (await import(`./page/${name}.ts`)) as Section;
  if (result === undefined) {
    missing.push(`\`${name}\``);
    continue;
  }
  parts.push(made.section(result));
  for (const [file, svg] of Object.entries(made.plots?.(result) ?? {})) wanted.set(join(folder, file), svg);
}
if (missing.length > 0)
  parts.splice(
    1,
    0,
    `**Not measured on a quiet machine yet**, so not on this page: ${missing.join(', ')} ([what each is](../bench/README.md)).`,
  );
const comparison = comparisonPage();
if (comparison !== undefined) wanted.set(join(root, 'docs/comparison.md'), comparison);
wanted.set(page, `${parts.map((part) => part.trim()).join('\n\n')}\n`);

const there = existsSync(folder) ? readdirSync(folder).map((file) => join(folder, file)) : [];
const left = there.filter((file) => !wanted.has(file));
const stale = [...wanted].filter(([file, text]) => !existsSync(file) || readFileSync(file, 'utf8') !== text);
if (check) {
  for (const file of [...left, ...stale.map(([name]) => name)])
    console.error(`${file} is stale: node bench/page.ts writes it`);
  process.exitCode = left.length + stale.length > 0 ? 1 : 0;
} else {
  mkdirSync(folder, { recursive: true });
  for (const file of left) rmSync(file);
  for (const [file, text] of stale) writeFileSync(file, text);
}
