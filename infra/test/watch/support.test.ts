// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it, test } from 'vitest';
import { matchesEvent } from './support/event-pattern.ts';
import { compileFilter } from './support/filter-pattern.ts';

describe('event patterns, as EventBridge matches them', () => {
  const event = {
    source: 'aws.kms',
    detail: {
      eventName: 'PutKeyPolicy',
      readOnly: false,
      resources: [{ ARN: 'arn:1:key/a' }, { ARN: 'arn:1:key/b' }],
      names: ['x', 'y'],
      requestParameters: { keyId: 'a' },
      none: null,
    },
  };
  it.each<[what: string, pattern: unknown, matches: boolean]>([
    ['a value', { source: ['aws.kms'] }, true],
    ['another value', { source: ['aws.s3'] }, false],
    ['one of several', { source: ['aws.s3', 'aws.kms'] }, true],
    ['no part of a value', { source: ['aws'] }, false],
    ['the letters’ case', { source: ['AWS.KMS'] }, false],
    ['a flag', { detail: { readOnly: [false] } }, true],
    ['a flag that is text', { detail: { readOnly: ['false'] } }, false],
    ['members together', { source: ['aws.kms'], detail: { eventName: ['DisableKey'] } }, false],
    ['a member that is not there', { detail: { errorCode: ['x'] } }, false],
    ['a prefix', { source: [{ prefix: 'aws.' }] }, true],
    ['a prefix in the middle', { source: [{ prefix: 'kms' }] }, false],
    ['a suffix', { source: [{ suffix: 'kms' }] }, true],
    ['a wildcard', { detail: { eventName: [{ wildcard: '*Key*' }] } }, true],
    ['a wildcard for nothing', { detail: { eventName: [{ wildcard: '*PutKeyPolicy*' }] } }, true],
    ['a dot in a wildcard', { source: [{ wildcard: 'aws?kms*' }] }, false],
    ['anything but', { source: [{ 'anything-but': 'aws.s3' }] }, true],
    ['anything but that', { source: [{ 'anything-but': 'aws.kms' }] }, false],
    ['anything but, where nothing is', { detail: { errorCode: [{ 'anything-but': 'x' }] } }, false],
    ['anything but a wildcard', { source: [{ 'anything-but': { wildcard: '*kms*' } }] }, false],
    ['anything but some', { source: [{ 'anything-but': { wildcard: ['*s3*', '*kms*'] } }] }, false],
    ['anything but others', { source: [{ 'anything-but': { wildcard: ['*s3*', '*sns*'] } }] }, true],
    ['absence', { detail: { errorCode: [{ exists: false }] } }, true],
    ['absence of what is there', { detail: { eventName: [{ exists: false }] } }, false],
    ['absence below what is not there', { detail: { session: { issuer: [{ exists: false }] } } }, true],
    ['presence', { detail: { eventName: [{ exists: true }] } }, true],
    ['an object in a list', { detail: { resources: { ARN: [{ suffix: 'key/b' }] } } }, true],
    ['no object in a list', { detail: { resources: { ARN: [{ suffix: 'key/c' }] } } }, false],
    ['a member of a list', { detail: { names: ['y'] } }, true],
    ['either', { detail: { $or: [{ eventName: ['X'] }, { readOnly: [false] }] } }, true],
    ['neither', { detail: { $or: [{ eventName: ['X'] }, { readOnly: [true] }] } }, false],
    [
      'either, and something else',
      { detail: { eventName: ['X'], $or: [{ readOnly: [false] }, { none: ['x'] }] } },
      false,
    ],
  ])('%s', (_, pattern, matches) => {
    expect(matchesEvent(pattern, event)).toBe(matches);
  });

  it.each([
    ['a list', []],
    ['an empty list of values', { source: [] }],
    ['one branch', { $or: [{ source: ['a'] }] }],
    ['an unknown operator', { source: [{ regex: 'a' }] }],
    ['two operators', { source: [{ prefix: 'a', suffix: 'b' }] }],
    ['consecutive wildcards', { source: [{ wildcard: 'a**' }] }],
  ])('refuses %s', (_, pattern) => {
    expect(() => matchesEvent(pattern, event)).toThrow(TypeError);
  });
});

describe('filter patterns, as CloudWatch Logs matches them', () => {
  const record = {
    a: { b: 'xyz' },
    list: [{ c: 'first' }, { c: 'second' }],
    no: false,
    yes: true,
    empty: null,
  };
  it.each<[pattern: string, matches: boolean]>([
    ['{ $.a.b = "xyz" }', true],
    ['{ $.a.b = "xy" }', false],
    ['{ $.a.b = "xy*" }', true],
    ['{ $.a.b = "*yz" }', true],
    ['{ $.a.b = "*y*" }', true],
    ['{ $.a.b = "x.z" }', false],
    ['{ $.a.b != "xyz" }', false],
    ['{ $.a.b != "x" }', true],
    ['{ $.a.b != "*y*" }', false],
    ['{ $.a.c != "x" }', false],
    ['{ $.a.c NOT EXISTS }', true],
    ['{ $.a.b NOT EXISTS }', false],
    ['{ $.a.b EXISTS }', true],
    ['{ $.list[0].c = "first" }', true],
    ['{ $.list[0].c = "second" }', false],
    ['{ $.no IS FALSE }', true],
    ['{ $.yes IS FALSE }', false],
    ['{ $.yes IS TRUE }', true],
    ['{ $.none IS FALSE }', false],
    ['{ $.a.b = "xyz" && $.yes IS FALSE }', false],
    ['{ $.a.b = "no" || $.yes IS TRUE }', true],
    ['{ $.yes IS TRUE || $.yes IS TRUE && $.no IS TRUE }', true],
    ['{ ($.yes IS TRUE || $.yes IS TRUE) && $.no IS TRUE }', false],
  ])('%s', (pattern, matches) => {
    expect(compileFilter(pattern)(record)).toBe(matches);
  });

  it.each([
    '',
    '$.a = "b"',
    '{ $.a = "b"',
    '{ $.a = b }',
    '{ $.a "b" }',
    '{ $.a = "b" } x',
    '{ ($.a = "b" }',
    '{ }',
  ])('refuses %s', (pattern) => {
    expect(() => compileFilter(pattern)).toThrow(SyntaxError);
  });

  test('takes no member of a value that is none', () => {
    expect(compileFilter('{ $.empty.a = "x" }')(record)).toBe(false);
  });
});
