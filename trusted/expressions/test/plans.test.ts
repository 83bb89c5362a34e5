// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it, vi } from 'vitest';

vi.mock('@bufbuild/cel', async (original) => {
  const cel: typeof import('@bufbuild/cel') = await original();
  return { ...cel, plan: vi.fn(cel.plan), parse: vi.fn(cel.parse) };
});

import { parse, plan } from '@bufbuild/cel';
import { evaluate } from '../src/index.ts';

const ask = (source: string) =>
  evaluate({ fields: new Map([['n', '5']]), known: ['n'], expressions: [{ name: 'x', source }], now: 0 })[0];

/** A source of its own for each number, of one value each. */
const numbered = (number: number): string => `n + ${number}`;
/** As many as are kept (src/evaluate.ts). */
const KEPT = 256;

beforeEach(() => {
  vi.mocked(plan).mockClear();
  vi.mocked(parse).mockClear();
});

describe('a plan', () => {
  it('is made once for a source that comes again, and serves other values and times', () => {
    const ages = [Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1)].map((now) => {
      const source = 'date(dob).age()';
      const [outcome] = evaluate({
        fields: new Map([['dob', '"2000-01-01"']]),
        known: ['dob'],
        expressions: [{ name: 'x', source }],
        now,
      });
      return outcome?.ok ? outcome.json : outcome?.code;
    });
    expect(ages).toEqual(['26', '27']);
    expect(plan).toHaveBeenCalledTimes(1);
  });

  it('is kept until 256 others were made after it, and the oldest goes first', () => {
    for (let number = 0; number < KEPT; number++) ask(numbered(number));
    expect(plan).toHaveBeenCalledTimes(KEPT);
    ask(numbered(0));
    expect(plan).toHaveBeenCalledTimes(KEPT);
    ask(numbered(KEPT));
    // In whose place the new one came, and whose it did not.
    for (const kept of [KEPT, KEPT - 1, 1]) ask(numbered(kept));
    expect(plan).toHaveBeenCalledTimes(KEPT + 1);
    expect(ask(numbered(0))).toEqual({ name: 'x', ok: true, json: '5' });
    expect(plan).toHaveBeenCalledTimes(KEPT + 2);
  });

  it('is not kept of what is no expression', () => {
    for (const _ of [1, 2]) expect(ask('n +')).toMatchObject({ ok: false, code: 'expression_invalid' });
    expect(plan).not.toHaveBeenCalled();
  });
});

describe('a source', () => {
  it.each([
    ['bytes, though not characters', `n == "${'é'.repeat(5_200)}"`],
    ['open brackets', `${'('.repeat(65)}1${')'.repeat(65)}`],
    ['open brackets of lists', `${'['.repeat(65)}1${']'.repeat(65)}`],
    ['open brackets of maps', `${'{1:'.repeat(65)}1${'}'.repeat(65)}`],
    ['open brackets, and closed ones before them', `")]}" == "" || ${'('.repeat(65)}true${')'.repeat(65)}`],
    ['conditionals', `${'true?n:'.repeat(65)}1`],
    ['white space', `n${' '.repeat(129)}`],
    ['tokens', `[${'n,'.repeat(1_021)}n].size()`],
    ['tokens: calls', 'a.b(c,[d])+'.repeat(930)],
    ['tokens: sums', '1+'.repeat(5_115)],
    ['tokens: lists', '[1],'.repeat(2_557)],
    ['tokens: comparisons', 'a==b&&'.repeat(1_705)],
    ['tokens: negations', '!'.repeat(10_230)],
  ])('of more than is allowed is refused before it is parsed, which would take long: %s', (_, source) => {
    expect(ask(source)).toMatchObject({ ok: false, code: 'expression_invalid' });
    expect(parse).not.toHaveBeenCalled();
  });

  it.each([
    ['bytes', `n == "${'e'.repeat(10_240 - 7)}"`, 'false'],
    ['open brackets', `${'('.repeat(64)}n${')'.repeat(64)}`, '5'],
    ['brackets one after the other', `${'(n)+'.repeat(65)}n`, '330'],
    ['brackets of lists one after the other', `${'[n][0]+'.repeat(65)}n`, '330'],
    ['brackets of maps one after the other', `${'{1:n}[1]+'.repeat(65)}n`, '330'],
    [
      'brackets that are closed before any is open',
      `"${')]}'.repeat(40)}" == "${'([{'.repeat(21)}"`,
      'false',
    ],
    ['conditionals', `${'false?n:'.repeat(64)}n`, '5'],
    ['white space', `n${' '.repeat(128)}`, '5'],
    ['tokens', `-[${'n,'.repeat(1_020)}n].size()`, '-1021'],
  ])('of exactly as much as is allowed is parsed: %s', (_, source, json) => {
    expect(ask(source)).toEqual({ name: 'x', ok: true, json });
  });
});
