// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { AuthorizationRequest, Statement } from '../src/index.ts';
import { holds } from './support.ts';

type Row = readonly [
  what: string,
  condition: NonNullable<Statement['Condition']>,
  context: AuthorizationRequest['context'],
  expected: boolean,
];

const K = 'x:key';
const table = (page: string, rows: readonly Row[]): void => {
  describe(page, () => {
    it.each(rows)('%s', (_what, condition, context, expected) => {
      expect(holds(condition, context)).toBe(expected);
    });
  });
};

table('IAM JSON policy elements: Condition operators (string)', [
  ['StringEquals is exact', { StringEquals: { [K]: 'Blue' } }, { [K]: 'Blue' }, true],
  ['StringEquals minds case', { StringEquals: { [K]: 'Blue' } }, { [K]: 'blue' }, false],
  ['StringEquals takes * as a character', { StringEquals: { [K]: 'B*' } }, { [K]: 'Blue' }, false],
  ['StringEquals finds that character', { StringEquals: { [K]: 'B*' } }, { [K]: 'B*' }, true],
  ['StringNotEquals of an equal value', { StringNotEquals: { [K]: 'Blue' } }, { [K]: 'Blue' }, false],
  ['StringNotEquals of another value', { StringNotEquals: { [K]: 'Blue' } }, { [K]: 'blue' }, true],
  ['StringEqualsIgnoreCase', { StringEqualsIgnoreCase: { [K]: 'Blue' } }, { [K]: 'bLUE' }, true],
  ['StringEqualsIgnoreCase, another', { StringEqualsIgnoreCase: { [K]: 'Blue' } }, { [K]: 'blue ' }, false],
  ['StringNotEqualsIgnoreCase', { StringNotEqualsIgnoreCase: { [K]: 'Blue' } }, { [K]: 'bLUE' }, false],
  [
    'StringNotEqualsIgnoreCase, another',
    { StringNotEqualsIgnoreCase: { [K]: 'Blue' } },
    { [K]: 'red' },
    true,
  ],
  ['StringLike * matches nothing too', { StringLike: { [K]: 'ab*cd' } }, { [K]: 'abcd' }, true],
  ['StringLike * runs over anything', { StringLike: { [K]: 'a*:*/d' } }, { [K]: 'a:b:/c/d' }, true],
  ['StringLike ? is one character', { StringLike: { [K]: 'a?c' } }, { [K]: 'abc' }, true],
  ['StringLike ? is not none', { StringLike: { [K]: 'a?c' } }, { [K]: 'ac' }, false],
  ['StringLike is of the whole value', { StringLike: { [K]: 'b' } }, { [K]: 'abc' }, false],
  ['StringLike minds case', { StringLike: { [K]: 'A*' } }, { [K]: 'abc' }, false],
  ['StringNotLike', { StringNotLike: { [K]: 'home/*' } }, { [K]: 'home/a' }, false],
  ['StringNotLike, elsewhere', { StringNotLike: { [K]: 'home/*' } }, { [K]: 'away/a' }, true],
]);

table('IAM JSON policy elements: Condition operators (numeric)', [
  ['NumericEquals by value', { NumericEquals: { [K]: '10' } }, { [K]: '10.0' }, true],
  ['NumericEquals takes JSON numbers', { NumericEquals: { [K]: 10 } }, { [K]: '10' }, true],
  ['NumericNotEquals', { NumericNotEquals: { [K]: '10' } }, { [K]: '11' }, true],
  ['NumericLessThan', { NumericLessThan: { [K]: '10' } }, { [K]: '9' }, true],
  ['NumericLessThan, equal', { NumericLessThan: { [K]: '10' } }, { [K]: '10' }, false],
  ['NumericLessThan is not alphabetical', { NumericLessThan: { [K]: '10' } }, { [K]: '9.5' }, true],
  ['NumericLessThanEquals', { NumericLessThanEquals: { [K]: '10' } }, { [K]: '10' }, true],
  ['NumericGreaterThan', { NumericGreaterThan: { [K]: '-1' } }, { [K]: '0' }, true],
  ['NumericGreaterThanEquals', { NumericGreaterThanEquals: { [K]: '10' } }, { [K]: '9' }, false],
  ['no number never compares', { NumericLessThan: { [K]: '10' } }, { [K]: '' }, false],
  ['no number is not equal', { NumericNotEquals: { [K]: '10' } }, { [K]: 'ten' }, true],
]);

const NOON = '2024-03-01T12:00:00Z';
table('IAM JSON policy elements: Condition operators (date)', [
  ['DateEquals over zones', { DateEquals: { [K]: NOON } }, { [K]: '2024-03-01T13:00:00+01:00' }, true],
  ['DateEquals with seconds since the epoch', { DateEquals: { [K]: NOON } }, { [K]: '1709294400' }, true],
  ['DateNotEquals', { DateNotEquals: { [K]: NOON } }, { [K]: NOON }, false],
  ['DateLessThan', { DateLessThan: { [K]: NOON } }, { [K]: '2024-03-01T11:59:59Z' }, true],
  ['DateLessThanEquals', { DateLessThanEquals: { [K]: NOON } }, { [K]: NOON }, true],
  ['DateGreaterThan a day', { DateGreaterThan: { [K]: '2024-03-01' } }, { [K]: NOON }, true],
  ['DateGreaterThanEquals', { DateGreaterThanEquals: { [K]: NOON } }, { [K]: '2024-02-29' }, false],
  ['no date never compares', { DateLessThan: { [K]: NOON } }, { [K]: 'yesterday' }, false],
]);

table('IAM JSON policy elements: Condition operators (Boolean, binary)', [
  ['Bool true', { Bool: { [K]: 'true' } }, { [K]: 'true' }, true],
  ['Bool takes JSON booleans', { Bool: { [K]: true } }, { [K]: 'TRUE' }, true],
  ['Bool false', { Bool: { [K]: 'false' } }, { [K]: 'true' }, false],
  ['Bool of no truth value', { Bool: { [K]: 'false' } }, { [K]: '0' }, false],
  ['BinaryEquals', { BinaryEquals: { [K]: 'AAECAw==' } }, { [K]: 'AAECAw==' }, true],
  ['BinaryEquals, other bytes', { BinaryEquals: { [K]: 'AAECAw==' } }, { [K]: 'AAECBA==' }, false],
  ['BinaryEquals minds case', { BinaryEquals: { [K]: 'AAECAw==' } }, { [K]: 'aaecaw==' }, false],
]);

table('IAM JSON policy elements: Condition operators (IP address)', [
  ['in a network', { IpAddress: { [K]: '203.0.113.0/24' } }, { [K]: '203.0.113.77' }, true],
  ['outside it', { IpAddress: { [K]: '203.0.113.0/24' } }, { [K]: '203.0.114.1' }, false],
  ['an address is /32', { IpAddress: { [K]: '203.0.113.7' } }, { [K]: '203.0.113.8' }, false],
  ['host bits do not matter', { IpAddress: { [K]: '203.0.113.9/24' } }, { [K]: '203.0.113.1' }, true],
  ['/0 is everything', { IpAddress: { [K]: '0.0.0.0/0' } }, { [K]: '198.51.100.1' }, true],
  ['v6', { IpAddress: { [K]: '2001:DB8:1234:5678::/64' } }, { [K]: '2001:db8:1234:5678::1' }, true],
  ['v6 outside', { IpAddress: { [K]: '2001:DB8:1234:5678::/64' } }, { [K]: '2001:db8:1234:5679::1' }, false],
  ['v6 with a v4 tail', { IpAddress: { [K]: '::ffff:203.0.113.0/120' } }, { [K]: '::ffff:cb00:7107' }, true],
  ['families do not mix', { IpAddress: { [K]: '::/0' } }, { [K]: '203.0.113.7' }, false],
  ['one of both', { IpAddress: { [K]: ['203.0.113.0/24', '2001:db8::/32'] } }, { [K]: '2001:db8::7' }, true],
  ['NotIpAddress inside', { NotIpAddress: { [K]: '203.0.113.0/24' } }, { [K]: '203.0.113.77' }, false],
  ['NotIpAddress outside', { NotIpAddress: { [K]: '203.0.113.0/24' } }, { [K]: '10.0.0.1' }, true],
]);

const TOPIC = 'arn:aws:sns:us-east-2:111122223333:topic';
table('IAM JSON policy elements: Condition operators (ARN)', [
  ['ArnEquals', { ArnEquals: { [K]: TOPIC } }, { [K]: TOPIC }, true],
  ['ArnEquals minds case', { ArnEquals: { [K]: TOPIC } }, { [K]: TOPIC.replace('topic', 'Topic') }, false],
  [
    'ArnEquals has wildcards as ArnLike',
    { ArnEquals: { [K]: 'arn:aws:sns:*:*:t?pic' } },
    { [K]: TOPIC },
    true,
  ],
  ['ArnLike in each part', { ArnLike: { [K]: 'arn:*:s*:us-*-2:1111*:*' } }, { [K]: TOPIC }, true],
  [
    'ArnLike does not run over a colon where StringLike does',
    { ArnLike: { [K]: 'arn:aws:some:*:111122223333:finance/*' } },
    { [K]: 'arn:aws:some:us-east-2:999999999999:store/abc:111122223333:finance/document.txt' },
    false,
  ],
  [
    'StringLike does',
    { StringLike: { [K]: 'arn:aws:some:*:111122223333:finance/*' } },
    { [K]: 'arn:aws:some:us-east-2:999999999999:store/abc:111122223333:finance/document.txt' },
    true,
  ],
  [
    'the last part has its own colons',
    { ArnLike: { [K]: 'arn:aws:logs:*:*:*:x' } },
    { [K]: 'arn:aws:logs:a:1:g:s:x' },
    true,
  ],
  ['a lone * is every ARN', { ArnLike: { [K]: '*' } }, { [K]: TOPIC }, true],
  ['but only ARNs', { ArnLike: { [K]: '*' } }, { [K]: 'topic' }, false],
  ['six parts make no ARN', { ArnLike: { [K]: '*' } }, { [K]: 'a:b:c:d:e:f' }, false],
  ['nor do three', { ArnLike: { [K]: '*' } }, { [K]: 'arn:aws:sns' }, false],
  ['ArnNotEquals', { ArnNotEquals: { [K]: 'arn:aws:sns:*:*:*' } }, { [K]: TOPIC }, false],
  ['ArnNotLike', { ArnNotLike: { [K]: 'arn:aws:sqs:*:*:*' } }, { [K]: TOPIC }, true],
  ['ArnNotLike of no ARN', { ArnNotLike: { [K]: 'arn:aws:sqs:*:*:*' } }, { [K]: 'topic' }, true],
]);

table('IAM JSON policy elements: Condition operators (absent keys)', [
  ['a positive operator fails', { StringEquals: { [K]: 'a' } }, {}, false],
  ['StringLike * fails too', { StringLike: { [K]: '*' } }, {}, false],
  ['Bool false fails', { Bool: { [K]: 'false' } }, {}, false],
  ['a comparison fails', { NumericLessThan: { [K]: '1' } }, {}, false],
  ...(
    [
      ['StringNotEquals', 'a'],
      ['StringNotEqualsIgnoreCase', 'a'],
      ['StringNotLike', 'a*'],
      ['ArnNotEquals', TOPIC],
      ['ArnNotLike', TOPIC],
      ['NumericNotEquals', '1'],
      ['DateNotEquals', NOON],
      ['NotIpAddress', '10.0.0.0/8'],
    ] as const
  ).map(([operator, value]): Row => [`${operator} holds`, { [operator]: { [K]: value } }, {}, true]),
  ['…IfExists holds', { StringEqualsIfExists: { [K]: 'a' } }, {}, true],
  ['…IfExists still compares', { StringEqualsIfExists: { [K]: 'a' } }, { [K]: 'b' }, false],
  ['a negated …IfExists holds as well', { StringNotEqualsIfExists: { [K]: 'a' } }, {}, true],
  ['BoolIfExists', { BoolIfExists: { [K]: 'true' } }, {}, true],
  ['an empty list is absence', { StringEquals: { [K]: 'a' } }, { [K]: [] }, false],
  ['Null true: the key is absent', { Null: { [K]: 'true' } }, {}, true],
  ['Null true: it is not', { Null: { [K]: true } }, { [K]: 'a' }, false],
  ['Null false: the key is there', { Null: { [K]: 'false' } }, { [K]: 'a' }, true],
  ['Null false: it is not', { Null: { [K]: 'false' } }, {}, false],
]);

table('Conditions with multiple context keys or values', [
  ['values of one key: any', { StringEquals: { [K]: ['a', 'b'] } }, { [K]: 'b' }, true],
  ['values under a negated operator: none', { StringNotEquals: { [K]: ['a', 'b'] } }, { [K]: 'b' }, false],
  ['none of them', { StringNotEquals: { [K]: ['a', 'b'] } }, { [K]: 'c' }, true],
  [
    'keys of one operator: all',
    { StringEquals: { 'x:a': '1', 'x:b': '2' } },
    { 'x:a': '1', 'x:b': '3' },
    false,
  ],
  ['all', { StringEquals: { 'x:a': '1', 'x:b': '2' } }, { 'x:a': '1', 'x:b': '2' }, true],
  ['operators: all', { StringEquals: { 'x:a': '1' }, Bool: { 'x:b': 'true' } }, { 'x:a': '1' }, false],
  ['names of keys have no case', { StringEquals: { 'X:Key': 'a' } }, { 'x:kEY': 'a' }, true],
]);

table('Set operators for multivalued context keys', [
  [
    'ForAllValues: all listed',
    { 'ForAllValues:StringEquals': { [K]: ['a', 'b'] } },
    { [K]: ['a', 'b'] },
    true,
  ],
  ['ForAllValues: a subset', { 'ForAllValues:StringEquals': { [K]: ['a', 'b'] } }, { [K]: ['b'] }, true],
  [
    'ForAllValues: one too many',
    { 'ForAllValues:StringEquals': { [K]: ['a', 'b'] } },
    { [K]: ['a', 'c'] },
    false,
  ],
  ['ForAllValues: absent', { 'ForAllValues:StringEquals': { [K]: ['a'] } }, {}, true],
  [
    'ForAllValues: nothing but an empty string',
    { 'ForAllValues:StringEquals': { [K]: ['a'] } },
    { [K]: '' },
    true,
  ],
  ['ForAnyValue: one listed', { 'ForAnyValue:StringEquals': { [K]: ['a'] } }, { [K]: ['c', 'a'] }, true],
  ['ForAnyValue: none listed', { 'ForAnyValue:StringEquals': { [K]: ['a'] } }, { [K]: ['c', 'd'] }, false],
  ['ForAnyValue: absent', { 'ForAnyValue:StringEquals': { [K]: ['a'] } }, {}, false],
  ['ForAnyValue: an empty string', { 'ForAnyValue:StringLike': { [K]: ['*'] } }, { [K]: [''] }, false],
  [
    'ForAllValues negated: none listed',
    { 'ForAllValues:StringNotEquals': { [K]: ['a'] } },
    { [K]: ['b', 'c'] },
    true,
  ],
  [
    'ForAllValues negated: one listed',
    { 'ForAllValues:StringNotEquals': { [K]: ['a'] } },
    { [K]: ['b', 'a'] },
    false,
  ],
  [
    'ForAnyValue negated: one not listed',
    { 'ForAnyValue:StringNotEquals': { [K]: ['a'] } },
    { [K]: ['a', 'b'] },
    true,
  ],
  [
    'ForAnyValue negated: all listed',
    { 'ForAnyValue:StringNotEquals': { [K]: ['a', 'b'] } },
    { [K]: ['a', 'b'] },
    false,
  ],
  ['ForAnyValue negated: absent', { 'ForAnyValue:StringNotEquals': { [K]: ['a'] } }, {}, false],
  ['with IfExists: absent', { 'ForAnyValue:StringEqualsIfExists': { [K]: ['a'] } }, {}, true],
  ['no set operator, positive: any', { StringEquals: { [K]: 'a' } }, { [K]: ['b', 'a'] }, true],
  ['no set operator, negated: none', { StringNotEquals: { [K]: 'a' } }, { [K]: ['b', 'a'] }, false],
]);

describe('KMS condition keys: kms:EncryptionContext:context-key', () => {
  it('has no case in its name, so pairs that differ in case only are values of one key', () => {
    const context = { 'kms:EncryptionContext:Tenant': 'a', 'kms:EncryptionContext:tenant': 'b' };
    const key = 'kms:EncryptionContext:TENANT';
    expect(holds({ StringEquals: { [key]: 'a' } }, context)).toBe(true);
    expect(holds({ StringEquals: { [key]: 'b' } }, context)).toBe(true);
    expect(holds({ StringNotEquals: { [key]: 'b' } }, context)).toBe(false);
    expect(holds({ 'ForAllValues:StringEquals': { [key]: 'b' } }, context)).toBe(false);
  });
});
