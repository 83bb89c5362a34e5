// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { ALLOWED, HELPERS } from '../allowed.ts';
import { problems } from '../check.ts';
import { comparisonsOf } from '../comparisons.ts';
import { sourcesOf } from '../sources.ts';

const root = join(import.meta.dirname, '../../..');
const house = join(import.meta.dirname, 'fixtures/house');
const FILES = ['src/leak.ts', 'src/clean.ts', 'src/helper.ts'];
const NONE = { allowed: [], helpers: { 'src/helper.ts': 'the helper' } };

test('nothing in this repository compares a secret but in constant time, or for a reason that is written down', () => {
  const sources = sourcesOf(root);
  expect(problems(root, sources)).toEqual([]);
  expect(sources.length).toBeGreaterThan(500);
  expect([...ALLOWED.map(({ why }) => why), ...Object.values(HELPERS)].every((why) => why.length > 10)).toBe(
    true,
  );
});

test('every comparison of the fixture is refused, and nothing else of it', () => {
  expect(problems(house, FILES, NONE)).toEqual([
    'src/leak.ts:4: given.secret === row.secretHash: not in constant time',
    "src/leak.ts:5: mac.toString('hex') != row.mac: not in constant time",
    'src/leak.ts:6: row?.apiKey! !== (given as string): not in constant time',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the source of the fixture
    'src/leak.ts:7: `${given.token}` == row.value: not in constant time',
    'src/leak.ts:10: row.mac.equals(given): not in constant time',
    'src/leak.ts:11: Buffer.compare(recordMac(row), given): not in constant time',
    'src/leak.ts:12: store.tokens.includes(given): not in constant time',
    'src/leak.ts:13: given.startsWith(row.webhookSecret.slice(0, 8)): not in constant time',
    "src/leak.ts:14: isDeepStrictEqual(given, row['signature']): not in constant time",
    'src/leak.ts:15: given.password: not in constant time',
    'src/leak.ts:22: mac[i] !== given[i]: not in constant time',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the source of the fixture
    "src/leak.ts:23: mac + '' === `${given}`: not in constant time",
    'src/leak.ts:24: [mac].includes(given): not in constant time',
    'src/leak.ts:25: (mac satisfies Buffer) == given: not in constant time',
    'src/leak.ts:25: Object.is(new Uint8Array(mac), given): not in constant time',
    'src/leak.ts:27: token: not in constant time',
    'src/leak.ts: timingSafeEqual: use equalBytes, or list the helper',
  ]);
});

test('an exception is for one comparison of one file, and goes when it is not needed', () => {
  const allowed = [
    { file: 'src/leak.ts', text: 'given.secret === row.secretHash', why: 'a test' },
    { file: 'src/leak.ts', text: 'row.mac === given', why: 'was mended' },
  ];
  const found = problems(house, FILES, { ...NONE, allowed });
  expect(found).toHaveLength(17);
  expect(found).not.toContain('src/leak.ts:4: given.secret === row.secretHash: not in constant time');
  expect(found).toContain('src/leak.ts: row.mac === given: allowed, and nothing needs it');
  const helpers = { ...NONE.helpers, 'src/clean.ts': 'none any more' };
  expect(problems(house, ['src/clean.ts', 'src/helper.ts'], { allowed: [], helpers })).toEqual([
    'src/clean.ts: a helper that does not use timingSafeEqual',
  ]);
});

test.each([
  'secretHash',
  'hmac',
  'sessionToken',
  'webhookSecret',
  '_mac',
  'record_mac',
  'authTag',
  'dataKey',
])('%s is taken for a secret', (name) => {
  expect(comparisonsOf('x.ts', `x.${name} === y`)).toEqual([{ line: 1, text: `x.${name} === y` }]);
});
