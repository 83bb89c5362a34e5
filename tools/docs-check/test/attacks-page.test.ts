// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { ACTORS, attacksPage, pageOf, readAttacks } from '../attacks-page.ts';

const HEADER = `/**
 * Actor: supply chain
 * Has: a place.
 * Wants: much,
 *   and more.
 * Cannot: do it.
 * Remains: little.
 */`;
const TESTS = `describe('a thing', () => { it('is tried', f); it.each([1])('is tried with %s', f); });
it.runIf(x)('alone', f);`;

test('a file of attacks is read: who, what he has, and what is tried', () => {
  expect(readAttacks('supply-chain.test.ts', `${HEADER}\n${TESTS}`)).toEqual({
    file: 'supply-chain.test.ts',
    slug: 'supply-chain',
    told: { Has: 'a place.', Wants: 'much, and more.', Cannot: 'do it.', Remains: 'little.' },
    groups: ['a thing', 'alone'],
    tests: 3,
  });
  const more = readAttacks('supply-chain-more.ts', `/** Actor: supply chain. Once more. */\n${TESTS}`);
  expect(more.told).toBeUndefined();
});

test.each([
  ['of nobody', 'stranger.test.ts', HEADER],
  ['whose comment is of another actor', 'parent-owner.test.ts', HEADER],
  ['without a comment', 'supply-chain.test.ts', ''],
  ['that says a part of it only', 'supply-chain.test.ts', HEADER.replace(/^ \* Cannot.*\n/m, '')],
])('a file %s is refused', (_, name, comment) => {
  expect(() => readAttacks(name, `${comment}\n${TESTS}`)).toThrow(name);
});

test('an actor without a file, or with two that say what he has, is missed', () => {
  const told = { Has: 'a', Wants: 'b', Cannot: 'c', Remains: 'd' };
  const all = Object.keys(ACTORS).map((slug) => ({
    file: `${slug}.ts`,
    slug,
    told,
    groups: ['x|y'],
    tests: 1,
  }));
  expect(pageOf(all)).toContain('| [stolen-backup.ts](stolen-backup.ts) | 1 | x\\|y |');
  expect(() => pageOf(all.slice(1))).toThrow('curious-operator');
  expect(() => pageOf([...all, ...all.slice(0, 1)])).toThrow('curious-operator');
});

test('this repository’s has every actor', () => {
  const page = attacksPage(new URL('../../../tests/attacks', import.meta.url).pathname);
  for (const actor of Object.values(ACTORS))
    expect(page.toLowerCase()).toContain(`## ${actor.toLowerCase()}`);
});
