// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { createValidator, toMemberErrors } from '../../src/http/validation.ts';

const SCHEMA = {
  type: 'object',
  required: ['reason'],
  additionalProperties: false,
  properties: {
    reason: { type: 'string', minLength: 1, maxLength: 5 },
    fields: { type: 'array', maxItems: 2, uniqueItems: true, items: { type: 'string', pattern: '^[a-z]+$' } },
    expressions: {
      type: 'object',
      propertyNames: { type: 'string', pattern: '^[a-z]+$' },
      additionalProperties: { type: ['string', 'object'], required: ['registered'] },
    },
    only: { type: 'boolean', const: true },
  },
};
const validate = createValidator().compile(SCHEMA);
const errors = (data: unknown) => {
  expect(validate(data)).toBe(false);
  return toMemberErrors(validate.errors ?? [], data).map(({ path, code }) => `${path} ${code}`);
};

test('names every bad member, each once', () => {
  expect(errors({ fields: ['a', 'B', 7, null], extra: 1, only: false }).sort()).toEqual([
    '/extra unknown',
    '/fields too_many',
    '/fields/1 format',
    '/fields/2 type',
    '/fields/3 null',
    '/only format',
    '/reason required',
  ]);
});

test.each([
  ['another type', { reason: 7 }, ['/reason type']],
  ['null', { reason: null }, ['/reason null']],
  ['too long', { reason: 'longer' }, ['/reason too_long']],
  ['empty', { reason: '' }, ['/reason empty']],
  ['twice the same', { reason: 'x', fields: ['a', 'a'] }, ['/fields/1 repeated']],
  ['nested', { reason: 'x', expressions: { ok: {} } }, ['/expressions/ok/registered required']],
  ['a bad name', { reason: 'x', expressions: { 'No good': 'x' } }, ['/expressions name']],
  ['a list', [], [' type']],
])('%s', (_what, data, expected) => expect(errors(data)).toEqual(expected));

test('never repeats a name that may be a value, nor a value', () => {
  const data = {
    reason: 'secret-value',
    'ada@example.com': 1,
    fields: ['078-05-1120'],
    expressions: { '078051120': 1 },
  };
  expect(validate(data)).toBe(false);
  const text = JSON.stringify(toMemberErrors(validate.errors ?? [], data));
  for (const leak of ['secret', 'ada', '078']) expect(text).not.toContain(leak);
});

test('a body with very many bad members is told about a hundred', () => {
  const data = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`x${i}`, 1]));
  expect(errors(data).length).toBeLessThanOrEqual(100);
});
