// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { readPage } from '../markdown.ts';

const texts = (places: readonly { text: string }[]) => places.map(({ text }) => text);

it('makes anchors as GitHub does', () => {
  const page = readPage(
    '# One `two` (three)\n## A_b – c\n##   Twice\n### Twice ###\n## [Linked](x.md) text\n#no heading',
  );
  expect([...page.anchors]).toEqual(['one-two-three', 'a_b--c', 'twice', 'twice-1', 'linked-text']);
});

it('finds links, images and definitions, several a line, with titles and brackets', () => {
  const page = readPage(
    'a [b](c.md) ![d](e_(f).png) [g](<h.md> "title")\n[i]: j.md\n[`k`](l.md#m) and [n](https://o.example)',
  );
  expect(texts(page.links)).toEqual(['c.md', 'e_(f).png', 'h.md', 'j.md', 'l.md#m', 'https://o.example']);
  expect(page.links[3]?.line).toBe(2);
});

it('reads nothing but npm scripts in code blocks, and no links in code spans', () => {
  const page = readPage(
    '```sh\n[a](b.md) `c/d.ts`\nnpm run one\n~~~\n```\n`[e](f.md)` `npm run --silent two`',
  );
  expect(page.links).toEqual([]);
  expect(texts(page.codes)).toEqual(['[e](f.md)', 'npm run --silent two']);
  expect(texts(page.scripts)).toEqual(['one', 'two']);
});

it('ends a block with as many marks as it began with', () => {
  expect(texts(readPage('````\n```\n[a](b.md)\n````\n[c](d.md)').links)).toEqual(['d.md']);
});
