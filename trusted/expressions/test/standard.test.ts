// SPDX-License-Identifier: Apache-2.0
/** Every operator and function that an expression may use (CEL language definition, "List of Standard Definitions"). */
import { describe, expect, it } from 'vitest';
import { evaluate, references } from '../src/index.ts';

const TIME = 'timestamp("2024-02-29T13:14:15.016Z")';

function evaluated(source: string): unknown {
  const expressions = [{ name: 'x', source }];
  const [outcome] = evaluate({ fields: new Map(), known: [], expressions, now: 0 });
  return outcome?.ok ? JSON.parse(outcome.json) : outcome?.code;
}

describe('an expression may use', () => {
  it.each([
    ['1 + 2 - 4', -1],
    ['2 * 3 / 4 % 5', 1],
    ['[1 < 2, 1 <= 1, 1 > 2, 1 >= 2, 1 == 1, 1 != 1]', [true, true, false, false, true, false]],
    ['[true && false, true || false, !true]', [false, true, false]],
    ['-(1)', -1],
    ['true ? 1 : 2', 1],
    ['[7, 8][1]', 8],
    ['1 in [1]', true],
    ['[1, 2].all(x, x > 1)', false],
    ['[1, 2].exists(x, x > 1)', true],
    ['[1, 2].exists_one(x, x > 1)', true],
    ['[1, 2].filter(x, x > 1)', [2]],
    ['[1, 2].map(x, x * 2)', [2, 4]],
    ['size("abc")', 3],
    ['"abc".contains("b")', true],
    ['"abc".startsWith("b")', false],
    ['"abc".endsWith("c")', true],
    ['"abc".matches("^a.c$")', true],
    ['dyn(1)', 1],
    ['type(1) == int', true],
    ['string(1)', '1'],
    ['int("5")', 5],
    ['uint(5)', 5],
    ['double("1.5")', 1.5],
    ['string(bytes("a"))', 'a'],
    ['bool("true")', true],
    ['duration("90s")', '90s'],
    [TIME, '2024-02-29T13:14:15.016Z'],
    [`${TIME}.getFullYear()`, 2024],
    [`${TIME}.getMonth()`, 1],
    [`${TIME}.getDate()`, 29],
    [`${TIME}.getDayOfMonth()`, 28],
    [`${TIME}.getDayOfWeek()`, 4],
    [`${TIME}.getDayOfYear()`, 59],
    [`${TIME}.getHours()`, 13],
    [`${TIME}.getMinutes()`, 14],
    [`${TIME}.getSeconds()`, 15],
    [`${TIME}.getMilliseconds()`, 16],
  ])('%s', (source, value) => {
    expect(evaluated(source)).toEqual(value);
    expect([...references(source).fields]).toEqual([]);
  });
});
