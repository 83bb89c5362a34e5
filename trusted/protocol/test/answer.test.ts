// SPDX-License-Identifier: Apache-2.0
import { encodeCbor } from '@enclave-vault/codec';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeDecryptAnswer, parseDecryptAnswer } from '../src/answer.ts';
import { codeOf, edited } from './support.ts';

const OK = encodeDecryptAnswer({ data: [['city', '"Bern"']], errors: [] });

test('any results keep their order', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,10}$/);
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(name, fc.json()), { selector: ([n]) => n, maxLength: 30 }),
      (data) => {
        expect(parseDecryptAnswer(encodeDecryptAnswer({ data, errors: [] }))).toEqual({ data, errors: [] });
      },
    ),
    { numRuns: 60 },
  );
});

test('100 fields and 100 expressions fit', () => {
  const data = Array.from({ length: 200 }, (_, i): [string, string] => [`n${i}`, '1']);
  expect(parseDecryptAnswer(encodeDecryptAnswer({ data, errors: [] }))).toEqual({ data, errors: [] });
  const more = [...data, ['n200', '1'] as const];
  expect(codeOf(() => encodeDecryptAnswer({ data: more, errors: [] }))).toBe('malformed');
});

test('as many results and failures as names can be asked for at once, and one more of neither', () => {
  const data = Array.from({ length: 200 }, (_, i): [string, string] => [`d${i}`, '1']);
  const errors = data.map((_, i) => ({ name: `e${i}`, code: 'expression_failed' as const }));
  expect(parseDecryptAnswer(encodeDecryptAnswer({ data, errors }))).toEqual({ data, errors });
  const more = [...errors, { name: 'e200', code: 'expression_failed' as const }];
  expect(codeOf(() => encodeDecryptAnswer({ data: [], errors: more }))).toBe('malformed');
});

describe('refused', () => {
  test.each([
    ['an unknown code for all', new Map([['error', 'because']])],
    [
      'error and data at once',
      new Map<string, string | []>([
        ['error', 'internal'],
        ['data', []],
        ['errors', []],
      ]),
    ],
    ['data alone', new Map([['data', []]])],
    ['a list', []],
    ['null', null],
  ])('%s', (_, value) => {
    expect(codeOf(() => parseDecryptAnswer(encodeCbor(value)))).toBe('malformed');
  });

  test.each([
    ['an unknown code for a name', { errors: [['city2', 'oops']] }],
    ['a name in both lists', { errors: [['city', 'field_unreadable']] }],
    [
      'a name twice',
      {
        data: [
          ['city', '1'],
          ['city', '2'],
        ],
      },
    ],
    ['bytes for a value', { data: [['city', Buffer.of(1)]] }],
    ['a value without a name', { data: [['1']] }],
    ['a name without a value', { data: [['city']] }],
    ['two values of one name', { data: [['city', '1', '2']] }],
    ['text of two characters for name and value', { data: ['ab'] }],
    ['a foreign name', { data: [['_sk', '1']] }],
    ['a map of values', { data: new Map([['city', '1']]) }],
  ])('%s', (_, change) => {
    expect(codeOf(() => parseDecryptAnswer(edited(OK, change)))).toBe('malformed');
  });
});
