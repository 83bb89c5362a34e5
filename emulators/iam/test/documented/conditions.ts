// SPDX-License-Identifier: Apache-2.0
import { condition as c, type Row } from './row.ts';

const GUIDE = 'IAM User Guide, "Condition operators"';
const STRING = `${GUIDE}, String condition operators`;
const NUMERIC = `${GUIDE}, Numeric condition operators`;
const DATE = `${GUIDE}, Date condition operators`;
const BOOL = `${GUIDE}, Boolean condition operators`;
const BINARY = `${GUIDE}, Binary condition operators`;

const TAG = 'aws:RequestTag/team';
const DEPTH = 's3:max-keys';
const NOW = 'aws:CurrentTime';

export const CONDITIONS: readonly Row[] = [
  c(
    STRING,
    'StringEquals matches the same text',
    { StringEquals: { [TAG]: 'blue' } },
    { [TAG]: 'blue' },
    true,
  ),
  c(STRING, 'StringEquals minds case', { StringEquals: { [TAG]: 'blue' } }, { [TAG]: 'Blue' }, false),
  c(STRING, 'StringEquals has no wildcards', { StringEquals: { [TAG]: 'bl*' } }, { [TAG]: 'blue' }, false),
  c(
    STRING,
    'StringNotEquals refuses the same text',
    { StringNotEquals: { [TAG]: 'blue' } },
    { [TAG]: 'blue' },
    false,
  ),
  c(STRING, 'StringNotEquals takes another', { StringNotEquals: { [TAG]: 'blue' } }, { [TAG]: 'red' }, true),
  c(
    STRING,
    'StringEqualsIgnoreCase ignores case',
    { StringEqualsIgnoreCase: { [TAG]: 'blue' } },
    { [TAG]: 'BLUE' },
    true,
  ),
  c(
    STRING,
    'StringNotEqualsIgnoreCase ignores it as well',
    { StringNotEqualsIgnoreCase: { [TAG]: 'blue' } },
    { [TAG]: 'BLUE' },
    false,
  ),
  c(
    STRING,
    'StringLike: * is any number of characters',
    { StringLike: { [TAG]: 'b*e' } },
    { [TAG]: 'blue' },
    true,
  ),
  c(STRING, 'StringLike: * is none as well', { StringLike: { [TAG]: 'blue*' } }, { [TAG]: 'blue' }, true),
  c(STRING, 'StringLike: ? is one character', { StringLike: { [TAG]: 'bl?e' } }, { [TAG]: 'blue' }, true),
  c(STRING, 'StringLike: ? is not none', { StringLike: { [TAG]: 'blue?' } }, { [TAG]: 'blue' }, false),
  c(
    STRING,
    'StringLike without wildcards matches no part',
    { StringLike: { [TAG]: 'blu' } },
    { [TAG]: 'blue' },
    false,
  ),
  c(STRING, 'StringLike minds case', { StringLike: { [TAG]: 'B*' } }, { [TAG]: 'blue' }, false),
  c(
    STRING,
    'StringLike with an empty value matches an empty prefix',
    { StringLike: { 's3:prefix': ['', 'home/'] } },
    { 's3:prefix': '' },
    true,
  ),
  c(
    STRING,
    'StringNotLike refuses what matches',
    { StringNotLike: { [TAG]: 'b*' } },
    { [TAG]: 'blue' },
    false,
  ),
  c(STRING, 'StringNotLike takes what does not', { StringNotLike: { [TAG]: 'r*' } }, { [TAG]: 'blue' }, true),

  c(NUMERIC, 'NumericEquals', { NumericEquals: { [DEPTH]: '10' } }, { [DEPTH]: '10' }, true),
  c(
    NUMERIC,
    'NumericEquals of another number',
    { NumericEquals: { [DEPTH]: '10' } },
    { [DEPTH]: '11' },
    false,
  ),
  c(NUMERIC, 'NumericNotEquals', { NumericNotEquals: { [DEPTH]: '10' } }, { [DEPTH]: '11' }, true),
  c(
    NUMERIC,
    'NumericLessThan compares numbers and not texts',
    { NumericLessThan: { [DEPTH]: '10' } },
    { [DEPTH]: '9' },
    true,
  ),
  c(
    NUMERIC,
    'NumericLessThan leaves out the number itself',
    { NumericLessThan: { [DEPTH]: '10' } },
    { [DEPTH]: '10' },
    false,
  ),
  c(
    NUMERIC,
    'NumericLessThanEquals has it',
    { NumericLessThanEquals: { [DEPTH]: '10' } },
    { [DEPTH]: '10' },
    true,
  ),
  c(
    NUMERIC,
    'NumericLessThanEquals ends there',
    { NumericLessThanEquals: { [DEPTH]: '10' } },
    { [DEPTH]: '11' },
    false,
  ),
  c(NUMERIC, 'NumericGreaterThan', { NumericGreaterThan: { [DEPTH]: '10' } }, { [DEPTH]: '100' }, true),
  c(
    NUMERIC,
    'NumericGreaterThan leaves out the number itself',
    { NumericGreaterThan: { [DEPTH]: '10' } },
    { [DEPTH]: '10' },
    false,
  ),
  c(
    NUMERIC,
    'NumericGreaterThanEquals has it',
    { NumericGreaterThanEquals: { [DEPTH]: '10' } },
    { [DEPTH]: '10' },
    true,
  ),
  c(NUMERIC, 'numbers may be decimal', { NumericLessThan: { [DEPTH]: '2.75' } }, { [DEPTH]: '2.5' }, true),
  c(
    NUMERIC,
    'a request without the key is not less',
    { NumericLessThanEquals: { [DEPTH]: '10' } },
    {},
    false,
  ),

  c(
    DATE,
    'DateGreaterThan',
    { DateGreaterThan: { [NOW]: '2025-03-01T00:00:00Z' } },
    { [NOW]: '2025-03-01T00:00:01Z' },
    true,
  ),
  c(
    DATE,
    'DateGreaterThan leaves out the time itself',
    { DateGreaterThan: { [NOW]: '2025-03-01T00:00:00Z' } },
    { [NOW]: '2025-03-01T00:00:00Z' },
    false,
  ),
  c(
    DATE,
    'DateGreaterThanEquals has it',
    { DateGreaterThanEquals: { [NOW]: '2025-03-01T00:00:00Z' } },
    { [NOW]: '2025-03-01T00:00:00Z' },
    true,
  ),
  c(
    DATE,
    'DateLessThan',
    { DateLessThan: { [NOW]: '2025-03-01T00:00:00Z' } },
    { [NOW]: '2025-02-28T23:59:59Z' },
    true,
  ),
  c(
    DATE,
    'DateLessThan leaves out the time itself',
    { DateLessThan: { [NOW]: '2025-03-01T00:00:00Z' } },
    { [NOW]: '2025-03-01T00:00:00Z' },
    false,
  ),
  c(
    DATE,
    'DateLessThanEquals has it',
    { DateLessThanEquals: { [NOW]: '2025-03-01T00:00:00Z' } },
    { [NOW]: '2025-03-01T00:00:00Z' },
    true,
  ),
  c(
    DATE,
    'DateEquals',
    { DateEquals: { [NOW]: '2025-03-01T00:00:00Z' } },
    { [NOW]: '2025-03-01T00:00:00Z' },
    true,
  ),
  c(
    DATE,
    'DateNotEquals',
    { DateNotEquals: { [NOW]: '2025-03-01T00:00:00Z' } },
    { [NOW]: '2025-03-01T00:00:01Z' },
    true,
  ),
  c(
    DATE,
    'a time in seconds since 1970 is a time',
    { DateLessThan: { 'aws:EpochTime': '1740787200' } },
    { 'aws:EpochTime': '1740787199' },
    true,
  ),
  c(
    DATE,
    'credentials that were not issued, being a user’s own, have no time of issue',
    { DateGreaterThan: { 'aws:TokenIssueTime': '2020-01-01T00:00:01Z' } },
    {},
    false,
  ),

  c(BOOL, 'Bool true', { Bool: { 'aws:SecureTransport': 'true' } }, { 'aws:SecureTransport': 'true' }, true),
  c(
    BOOL,
    'Bool false',
    { Bool: { 'aws:SecureTransport': 'false' } },
    { 'aws:SecureTransport': 'true' },
    false,
  ),
  c(BOOL, 'Bool of a key that is not there', { Bool: { 'aws:MultiFactorAuthPresent': 'true' } }, {}, false),
  c(
    BOOL,
    'Bool false of a key that is not there',
    { Bool: { 'aws:MultiFactorAuthPresent': 'false' } },
    {},
    false,
  ),

  c(
    BINARY,
    'BinaryEquals compares bytes',
    { BinaryEquals: { 'x:blob': 'aGVsbG8=' } },
    { 'x:blob': 'aGVsbG8=' },
    true,
  ),
  c(
    BINARY,
    'BinaryEquals of other bytes',
    { BinaryEquals: { 'x:blob': 'aGVsbG8=' } },
    { 'x:blob': 'aGVsbG9v' },
    false,
  ),
];
