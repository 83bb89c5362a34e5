// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_JSON_DEPTH, MAX_JSON_ITEMS, parseStrictJson } from '../../src/http/strict-json.ts';

const parse = (text: string | Uint8Array) =>
  parseStrictJson(typeof text === 'string' ? Buffer.from(text) : text);
const codeOf = (text: string | Uint8Array): string => {
  try {
    parse(text);
    return 'accepted';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

test('reads what JSON.stringify writes, as JSON.parse does', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.boolean(), (value, spaced) => {
      const text = JSON.stringify(value, null, spaced ? 2 : 0);
      fc.pre(!/"(?:__proto__|constructor|prototype)"/.test(text) && value !== undefined);
      expect(parse(text)).toEqual(JSON.parse(text));
    }),
    { numRuns: 300 },
  );
});

test('any bytes are read, or refused with a code of ours', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.uint8Array(), fc.stringMatching(/^[{}[\]",:\\u0a ]*$/)), (input) => {
      const outcome = codeOf(input);
      if (outcome !== 'accepted') expect(outcome).toMatch(/^json_[a-z0-9_]+$/);
      else expect(() => JSON.parse(Buffer.from(input as string).toString())).not.toThrow();
    }),
    { numRuns: 500 },
  );
});

test('a name twice is refused wherever it is, however it is written; the same name in two objects is not', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(3), (name, depth) => {
      fc.pre(name.isWellFormed() && !['__proto__', 'constructor', 'prototype'].includes(name));
      const escaped = `"${[...name].map((c) => inEscapes(c)).join('')}"`;
      const plain = JSON.stringify(name);
      const wrap = (text: string) => '[{"x":'.repeat(depth) + text + '}]'.repeat(depth);
      expect(codeOf(wrap(`{${plain}:1,${escaped}:2}`))).toBe('json_duplicate_name');
      expect(codeOf(wrap(`[{${plain}:1},{${escaped}:{${plain}:[]}}]`))).toBe('accepted');
    }),
    { numRuns: 100 },
  );
  function inEscapes(char: string): string {
    return Array.from(
      { length: char.length },
      (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join('');
  }
});

describe('refuses', () => {
  test.each([
    ['names that lead to prototypes', '{"__proto__":1}', 'json_forbidden_name'],
    ['them in disguise', '{"a":[{"\\u005f_proto__":{}}]}', 'json_forbidden_name'],
    ['constructor', '{"constructor":{"prototype":{}}}', 'json_forbidden_name'],
    ['a lone surrogate in a value', '{"a":"\\ud800"}', 'json_invalid'],
    ['a lone surrogate in a name', '{"\\udc00":1}', 'json_invalid'],
    ['a byte order mark', '\ufeff{}', 'json_invalid'],
    ['nothing', '', 'json_invalid'],
    ['two values', '{}{}', 'json_invalid'],
    ['comments', '{/**/}', 'json_invalid'],
    ['an unfinished string', '{"a', 'json_invalid'],
    ['an unfinished escape', '"\\', 'json_invalid'],
    ['NaN', '{"a":NaN}', 'json_invalid'],
    ['a trailing comma', '{"a":1,}', 'json_invalid'],
  ])('%s', (_what, text, code) => expect(codeOf(text)).toBe(code));

  test.each([
    ['a stray continuation byte', [0x22, 0x80, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['a surrogate in UTF-8', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['a cut sequence', [0x22, 0xe2, 0x82]],
    ['UTF-16', [0xff, 0xfe, 0x22, 0, 0x22, 0]],
  ])('%s', (_what, bytes) => expect(codeOf(Uint8Array.from(bytes))).toBe('json_not_utf8'));
});

test('values that only look like names are values', () => {
  expect(parse('{"a":"__proto__","b":["a","a","constructor"]}')).toEqual({
    a: '__proto__',
    b: ['a', 'a', 'constructor'],
  });
});

test('depth is bounded, and a megabyte of brackets costs next to nothing', () => {
  expect(codeOf('['.repeat(MAX_JSON_DEPTH) + ']'.repeat(MAX_JSON_DEPTH))).toBe('accepted');
  expect(codeOf('['.repeat(MAX_JSON_DEPTH + 1) + ']'.repeat(MAX_JSON_DEPTH + 1))).toBe('json_too_deep');
  // Of processor time, µs.
  const began = process.threadCpuUsage().user;
  expect(codeOf('['.repeat(1_000_000))).toBe('json_too_deep');
  expect(codeOf('{"a":'.repeat(200_000))).toBe('json_too_deep');
  expect(codeOf(`{"a":"${'\\u0041'.repeat(170_000)}"}`)).toBe('accepted');
  expect(codeOf(`"${'\\'.repeat(999_999)}`)).toBe('json_invalid');
  expect(process.threadCpuUsage().user - began).toBeLessThan(2_000_000);
});

test('items are bounded, wherever they are: what comes after looks at each of them', () => {
  const items = (count: number) => Array.from({ length: count }, (_, index) => index);
  const named = (count: number) => Object.fromEntries(items(count).map((index) => [`a${index}`, '']));
  for (const make of [items, named, (count: number) => items(count).map(() => ({}))]) {
    expect(codeOf(JSON.stringify(make(MAX_JSON_ITEMS)))).toBe('accepted');
    expect(codeOf(JSON.stringify(make(MAX_JSON_ITEMS + 1)))).toBe('invalid');
  }
  const halves = { a: items(MAX_JSON_ITEMS / 2), b: items(MAX_JSON_ITEMS / 2 + 1) };
  expect(codeOf(JSON.stringify(halves))).toBe('invalid');
  expect(codeOf(JSON.stringify({ text: ','.repeat(100_000) }))).toBe('accepted');
});
