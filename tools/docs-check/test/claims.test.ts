// SPDX-License-Identifier: Apache-2.0

import { testTitles } from '@enclave-vault/threat-model/titles';
import { expect, it } from 'vitest';
import { checkClaims } from '../claims.ts';

it('finds the titles of tests, whatever stands between runner and title', () => {
  const source = `
    describe.runIf(f(1))('a', () => { it('b', () => {}); test.each([['no', 1]])("c’s %s", () => {}); });
    it.skip(\`d \${x} e\`, () => {}); other('f'); it(g, () => {}); // it('h')
  `;
  expect([...testTitles('x.test.ts', source)]).toEqual(['a', 'b', 'c’s %s', 'd … e']);
});

const titles = new Set(['it holds', 'it holds still']);
const check = (page: string) => checkClaims(page, (file) => (file === 't.test.ts' ? titles : undefined));

it('counts claims and their tests', () => {
  const page =
    '# Page\n## Zone\n### Nought\n*Check:* `t.test.ts` › "it holds"\n### One\nText.\n\n*Check:* `t.test.ts` › "it holds"; `t.test.ts` ›\n"it holds still"\n\n*Limits:* none';
  expect(check(page)).toEqual({ claims: 2, tests: 3, problems: [] });
});

it.each([
  ['### One\ntext', 'One: no test is named'],
  ['### One\n*Limits:* `t.test.ts` › "it holds"', 'One: no test is named'],
  ['### One\n\n## Zone\n\n*Check:* `t.test.ts` › "it holds"', 'One: no test is named'],
  ['### One\n\n*Check:* `u.test.ts` › "it holds"', 'One: u.test.ts: no such file'],
  ['### One\n\n*Check:* `t.test.ts` › "it hold"', 'One: t.test.ts has no test "it hold"'],
])('%j is refused', (page, problem) => expect(check(page).problems).toEqual([problem]));
