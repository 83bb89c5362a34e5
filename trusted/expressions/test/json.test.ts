// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { celFromJson } from '../src/json.ts';

it.each(['', '{', 'undefined', '[1,]', "'a'"])('%j is no JSON, and no value', (text) => {
  expect(() => celFromJson(text)).toThrow(expect.objectContaining({ code: 'expression_failed' }));
});

it.each([
  ['"a"', 'a'],
  ['null', null],
  ['true', true],
  ['5', 5n],
  ['9007199254740991', 9007199254740991n],
  ['9007199254740992', 9007199254740992],
  ['1.5', 1.5],
  ['[1, [2.5]]', [1n, [2.5]]],
])('%s is its value, whole numbers as int', (text, value) => {
  expect(celFromJson(text)).toEqual(value);
});
