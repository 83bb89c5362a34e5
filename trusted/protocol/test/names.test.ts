// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { fieldName, hostName, keyArn, region, tenant, vaultId } from '../src/names.ts';
import { codeOf, KEY_ARN } from './support.ts';

const ULID = 'v_01HV1XW70Q03PHK892JFQAY0Z5';
const KSUID = `v_${'0aZ'.repeat(9)}`;
const arn = (part: string, now: string): string => KEY_ARN.replace(part, now);
const ID = '1234abcd-12ab-34cd-56ef-1234567890ab';

/** Names that are right at their shortest and longest, and such as are wrong at one place alone. */
const KINDS = [
  {
    kind: 'a field’s name',
    read: fieldName,
    right: ['a', 'z9_', 'over_18', `a${'_'.repeat(63)}`],
    wrong: ['', '9a', '_a', 'Aa', 'aA', 'a-b', 'a.b', 'a b', ' ab', 'ab ', 'ab\n', 'ä', `a${'b'.repeat(64)}`],
  },
  {
    kind: 'a tenant',
    read: tenant,
    right: ['a', 'z9-', 'default', `a${'-'.repeat(62)}`],
    wrong: ['', '9a', '-a', 'Aa', 'aA', 'a_b', 'a.b', ' ab', 'ab ', 'ab\n', 'a\0b', `a${'b'.repeat(63)}`],
  },
  {
    kind: 'a vault’s id',
    read: vaultId,
    right: [ULID, KSUID, 'v_7ZZZZZZZZZZZZZZZZZZZZZZZZZ', `v_0${'Z'.repeat(25)}`],
    wrong: [
      '',
      'v_',
      ULID.slice(2),
      `x${ULID}`,
      `${ULID}\n`,
      `${KSUID}\n`,
      `V${ULID.slice(1)}`,
      ULID.toLowerCase(),
      `v_8${ULID.slice(3)}`,
      ...['I', 'L', 'O', 'U'].map((letter) => `${ULID.slice(0, -1)}${letter}`),
      ULID.slice(0, -1),
      `${ULID}-`,
      `${KSUID.slice(0, -1)}-`,
      `${KSUID}0`,
    ],
  },
  {
    kind: 'a key’s ARN',
    read: keyArn,
    right: [
      KEY_ARN,
      arn('arn:aws:', 'arn:aws-us-gov:'),
      arn('eu-central-1', 'x'),
      arn('eu-central-1', '9'.repeat(64)),
      arn(ID, 'a'),
      arn(ID, `Az09-${'x'.repeat(123)}`),
    ],
    wrong: [
      '',
      ` ${KEY_ARN}`,
      `x${KEY_ARN}`,
      `${KEY_ARN}\n`,
      `${KEY_ARN}/x`,
      arn('arn:aws:', 'arn:AWS:'),
      arn('arn:aws:', 'arn:aws9:'),
      arn('arn:aws:', `arn:aws${'-'.repeat(33)}:`),
      arn(':kms:', ':s3:'),
      arn('eu-central-1', ''),
      arn('eu-central-1', 'EU'),
      arn('eu-central-1', '9'.repeat(65)),
      arn('111122223333', '11112222333'),
      arn('111122223333', '1111222233334'),
      arn('111122223333', '11112222333x'),
      arn('key/', 'alias/'),
      arn('key/', 'key'),
      arn(ID, ''),
      arn(ID, 'a_b'),
      arn(ID, 'x'.repeat(129)),
    ],
  },
  {
    kind: 'a Region',
    read: region,
    right: ['x', 'eu-central-1', '9'.repeat(64)],
    wrong: ['', 'EU', 'eu_central', 'eu central', ' eu', 'eu ', 'eu\n', '.eu', 'eu.', '9'.repeat(65)],
  },
  {
    kind: 'a host',
    read: hostName,
    right: ['a', '9', 'kms.eu-central-1.amazonaws.com', '127.0.0.1', `a${'-'.repeat(251)}9`],
    wrong: [
      '',
      '.a',
      'a.',
      '-a',
      'a-',
      'A',
      'aA',
      'a_b',
      'a b',
      'a/b',
      ' a',
      'a ',
      'a\n',
      'a:1',
      `a${'-'.repeat(252)}9`,
    ],
  },
] as const;

describe.each(KINDS)('$kind', ({ read, right, wrong }) => {
  test.each(right)('may be %j', (name) => {
    expect(read(name, 'name')).toBe(name);
  });

  test.each(wrong)('may not be %j', (name) => {
    expect(codeOf(() => read(name, 'name'))).toBe('malformed');
  });
});
