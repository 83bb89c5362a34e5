// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readPage } from '../markdown.ts';
import { deadReferences, pagesOf } from '../references.ts';

const root = mkdtempSync(join(tmpdir(), 'ev-docs-'));
afterAll(() => rmSync(root, { recursive: true }));

function problems(files: Record<string, string>): string[] {
  for (const [path, text] of Object.entries({ 'host/api/src/app.ts': '', ...files })) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const pages = pagesOf(root).filter((path) => path in files);
  return deadReferences(
    root,
    new Map(pages.map((path) => [path, readPage(files[path] ?? '')])),
    new Set(['docs']),
  );
}

it('says nothing of what is there', () => {
  const there =
    '# Top\n[a](docs/b.md#part-1) [c](host/) [d](#top) [e](https://f.example/#g) `host/api/src/app.ts` ' +
    '`host/*/src` `host/{api,no}/src/app.ts` `application/json` `a/b` `dist/enclave/x.ts` npm run docs';
  expect(problems({ 'a.md': there, 'docs/b.md': '## Part 1\n[up](../a.md#top)' })).toEqual([]);
});

it.each([
  ['[x](no.md)', 'no.md: no such file'],
  ['[x](docs/b.md#part-2)', 'docs/b.md#part-2: no such heading'],
  ['[x](#part-1)', '#part-1: no such heading'],
  ['[x](/docs/b.md)', '/docs/b.md: not a relative link'],
  ['[x](../outside.md)', '../outside.md: leaves the repository'],
  ['`host/api/src/gone.ts`', 'host/api/src/gone.ts: no such path'],
  ['`host/api/gone`', 'host/api/gone: no such path'],
  ['`src/gone.ts`', 'src/gone.ts: no such path'],
  ['`host/*/gone.ts`', 'host/*/gone.ts: no such path'],
  ['```\nnpm run gone\n```', 'npm run gone: no such script'],
])('%j is named', (text, problem) => {
  const [found = '', ...more] = problems({ 'a.md': text, 'docs/b.md': '## Part 1' });
  expect(found.replace(/^a\.md:\d+: /, '')).toBe(problem);
  expect(more).toEqual([]);
});

it('reads the paths of a specification from its own folder too', () => {
  expect(problems({ 'host/api/SPEC.md': '`src/app.ts`' })).toEqual([]);
});
