// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseCheck } from '../src/checks/check.ts';
import { Results } from '../src/checks/results.ts';

const folder = mkdtempSync(join(tmpdir(), 'results-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

type Test = readonly [title: string, status: string, ...within: string[]];
const report = (tests: Readonly<Record<string, readonly Test[]>>) =>
  JSON.stringify({
    startTime: 1_700_000_000_000,
    testResults: Object.entries(tests).map(([path, own]) => ({
      name: join('/checkout', path),
      assertionResults: own.map(([title, status, ...ancestorTitles]) => ({ title, status, ancestorTitles })),
    })),
  });

function verdict(results: Results, text: string) {
  const check = parseCheck(text);
  if (check === undefined) throw new TypeError(text);
  return results.of(check);
}

describe('a report of tests', () => {
  const results = new Results('/checkout');
  results.add(
    file(
      'vitest.json',
      report({
        'a/b.test.ts': [
          ['holds', 'passed', 'a door'],
          ['holds at night (%)', 'failed', 'a door'],
          ['is 1 of 2', 'passed', 'a window'],
          ['is 2 of 2', 'passed', 'a window'],
          ['was left out', 'skipped', 'a roof'],
          ['was left for later', 'todo', 'a roof'],
          ['key “x” (y) is refused', 'passed'],
          ['key “z” (y) is refused', 'pending'],
        ],
        'a/driver.test.ts': [['from a file that it reads', 'passed', 'shared']],
        'infra/test/proofs/proofs.test.ts': [
          ['answers every request as expected: as it is', 'passed', 'the matrix'],
          ['answers every request as expected: everything allowed', 'failed', 'the matrix'],
        ],
      }),
    ),
  );

  it.each([
    ['test:a/b.test.ts › holds', 'passed'],
    ['test:a/b.test.ts › holds at night (%)', 'failed'],
    ['test:a/b.test.ts › is %i of %i', 'passed'],
    ['test:a/b.test.ts › a window', 'passed'],
    ['test:a/b.test.ts › a door', 'failed'],
    ['test:a/b.test.ts › was left out', 'skipped'],
    ['test:a/b.test.ts › was left for later', 'skipped'],
    ['test:a/b.test.ts › a roof', 'skipped'],
    ['test:a/b.test.ts › key “$name” (y) is refused', 'skipped'],
    ['test:a/b.test.ts › … of 2', 'passed'],
    ['test:a/b.test.ts › hold', 'not_run'],
    ['test:a/b.test.ts › is %i of 3', 'not_run'],
    ['test:a/c.test.ts › holds', 'not_run'],
    ['test:a/shared.ts › from a file that it reads', 'passed'],
    ['test:b/shared.ts › from a file that it reads', 'not_run'],
    ['cell:moat', 'failed'],
    ['suite:vm › it boots', undefined],
  ])('says of %s: %s', (check, said) => expect(verdict(results, check)).toBe(said));

  it('says when it began', () => {
    expect(results.began?.toISOString()).toBe('2023-11-14T22:13:20.000Z');
    expect(new Results('/checkout').began).toBeUndefined();
  });

  it.each(['', 'no JSON', '{}', '{"startTime":1,"testResults":[{"name":1}]}', '[]', 'null'])(
    'that is none is refused: %j',
    (text) => expect(() => new Results('/checkout').add(file('none.json', text))).toThrow(),
  );
});

it('two reports are all that was run: what failed in one did not pass in the other', () => {
  const results = new Results('/checkout');
  results.add(
    file('all.json', report({ 'a/b.test.ts': [['holds', 'failed']], 'a/c.test.ts': [['opens', 'passed']] })),
  );
  results.add(file('part.json', report({ 'a/b.test.ts': [['holds', 'passed']] })));
  expect(verdict(results, 'test:a/b.test.ts › holds')).toBe('failed');
  expect(verdict(results, 'test:a/c.test.ts › opens')).toBe('passed');
});

describe('the log of a heavy suite', () => {
  const results = new Results('/checkout');
  results.add(
    file(
      'vm.log',
      '== vm\nok enclave: boots (12 ms)\n   ok     it: ends (a title (2))\nFAILED it: answers (3 ms)\nFAILED: it hums\n3 passed, 2 failed\n',
    ),
  );
  results.add(file('dns.log', 'SKIPPED: no tool\n0 passed, 0 failed\n'));
  results.add(file('half.log', 'ok one\nskipped: the other half\n1 passed, 0 failed\n'));

  results.add(file('fuzz.log', 'seed 7\n3 passed, 0 failed\nfuzz: 12 s\n'));
  results.add(file('broken.log', 'Error: it did not start\n'));
  results.add(file('fell.log', 'ok one\nskipped: the other half\nError: it fell\n'));

  it.each([
    ['suite:vm › enclave: boots', 'passed'],
    ['suite:vm › it: ends (a title (2))', 'passed'],
    ['suite:vm › it: answers', 'failed'],
    ['suite:vm › it hums', 'failed'],
    ['suite:vm › boots', 'not_run'],
    ['suite:dns › any line', 'skipped'],
    ['suite:half › one', 'passed'],
    ['suite:half › two', 'skipped'],
    ['suite:vm › *', 'failed'],
    ['suite:dns › *', 'skipped'],
    ['suite:fuzz › *', 'passed'],
    ['suite:fuzz › any line', 'not_run'],
    ['suite:broken › *', 'failed'],
    ['suite:fell › two', 'not_run'],
    ['suite:other › one', undefined],
  ])('says of %s: %s', (check, said) => expect(verdict(results, check)).toBe(said));
});
