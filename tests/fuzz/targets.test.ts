// SPDX-License-Identifier: Apache-2.0
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EXEMPT } from './exempt.ts';
import { type Exported, exportsOf } from './exports.ts';
import { judge } from './oracle.ts';
import { TARGETS } from './targets/index.ts';

const ROOT = join(import.meta.dirname, '../..');
const FINDS = join(import.meta.dirname, 'finds');

const covered = new Set(TARGETS.flatMap(({ covers }) => covers));

/** Readers that neither a target nor a reason accounts for. */
const unaccounted = (exported: readonly Exported[]): string[] =>
  exported
    .filter(({ name, reads }) => reads && !covered.has(name) && !(name in EXEMPT))
    .map(({ name }) => name);

describe('the list of targets', () => {
  const exported = globSync('{trusted,verifier}/*/src/**/*.ts', { cwd: ROOT })
    .sort()
    .flatMap((file) => exportsOf(file, readFileSync(join(ROOT, file), 'utf8')));

  test('has every exported function of trusted/ and verifier/ that takes bytes or text, but those with a reason', () => {
    expect(unaccounted(exported)).toEqual([]);
    expect(exported.filter(({ reads }) => reads).length).toBeGreaterThan(140);
  });

  test.each([
    [
      'a function',
      'export function parseNew(bytes: Uint8Array): number { return bytes.length; }',
      'parseNew',
    ],
    ['an arrow function', 'export const readNew = (text: string): string => text;', 'readNew'],
    [
      'a method',
      'export class New { read(value: DecodedCbor | undefined): void { void value; } }',
      'New.read',
    ],
    ['a parameter without a type', 'export function anything(x = 1) { return x; }', 'anything'],
  ])('misses %s that is new', (_, source, name) => {
    expect(unaccounted(exportsOf('trusted/new/src/new.ts', source))).toEqual([
      `trusted/new/src/new.ts#${name}`,
    ]);
  });

  test('passes over what takes neither, and what is not exported', () => {
    const source =
      'export function twice(n: number): number { return 2 * n; }\nfunction read(b: Buffer): void { void b; }';
    expect(unaccounted(exportsOf('trusted/new/src/new.ts', source))).toEqual([]);
  });

  test('names only what is there, and exempts nothing that a target has', () => {
    const names = new Set(exported.map(({ name }) => name));
    const readers = new Set(exported.filter(({ reads }) => reads).map(({ name }) => name));
    expect([...covered].filter((name) => !names.has(name))).toEqual([]);
    expect(Object.keys(EXEMPT).filter((name) => !readers.has(name) || covered.has(name))).toEqual([]);
  });
});

describe('each target', () => {
  test.each(TARGETS)('$name takes its seeds without a find, and accepts one of them', async (target) => {
    const verdicts = [];
    for (const seed of target.seeds()) verdicts.push(await judge(target, seed, true));
    expect(verdicts.filter(({ kind }) => kind !== 'accepted' && kind !== 'refused')).toEqual([]);
    expect(verdicts.some(({ kind }) => kind === 'accepted')).toBe(target.neverAccepts !== true);
  });

  test.each(TARGETS)(
    '$name refuses or accepts, and nothing else, what cuts its seeds short',
    async (target) => {
      for (const seed of target.seeds().slice(0, 2)) {
        for (const length of [0, 1, seed.length >> 1, Math.max(0, seed.length - 1)]) {
          const { kind } = await judge(target, seed.subarray(0, length));
          expect(['accepted', 'refused']).toContain(kind);
        }
      }
    },
  );
});

/** Inputs that fuzzing found once, under the name of their target. */
const finds = readdirSync(FINDS);

test.each(finds)('%s, which was a find, is one no more', async (file) => {
  const targets = TARGETS.filter(({ name }) => file.startsWith(`${name.replaceAll(/[^a-z0-9]+/gi, '-')}-`));
  expect(targets).toHaveLength(1);
  for (const target of targets) {
    expect((await judge(target, readFileSync(join(FINDS, file)), true)).kind).toMatch(
      /^(?:accepted|refused)$/,
    );
  }
});
