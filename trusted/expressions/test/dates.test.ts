// SPDX-License-Identifier: Apache-2.0
import { reflect } from '@bufbuild/protobuf/reflect';
import { TimestampSchema, timestampDate, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { ageInYears, civilDate, startOfToday } from '../src/dates.ts';

const date = (text: string): string | undefined => {
  const found = civilDate(text);
  return found && timestampDate(found).toISOString();
};

describe('a calendar date', () => {
  it.each(['0100-01-01', '1985-12-10', '2000-02-29', '2024-12-31', '9999-12-31'])('%s is a day', (text) =>
    expect(date(text)).toBe(`${text}T00:00:00.000Z`),
  );

  it.each([
    '',
    'x',
    '0099-12-31',
    '0000-01-01',
    '1900-02-29',
    '2023-00-31',
    '2023-13-31',
    '2023-06-31',
    '2023-06-00',
  ])('and %j is none', (text) => expect(date(text)).toBeUndefined());
});

describe('an age', () => {
  const now = Date.UTC(2026, 10, 23, 12);

  it('has who was born by now', () => {
    expect(ageInYears(reflect(TimestampSchema, timestampFromMs(Date.UTC(1985, 11, 10))), now)).toBe(40n);
  });

  it.each([undefined, null, '1985-12-10', 5n, { seconds: 5n } as never])(
    'has no %s: only a timestamp has',
    (value) => {
      expect(ageInYears(value, now)).toBeUndefined();
    },
  );
});

it('today begins at midnight UTC', () => {
  expect(timestampDate(startOfToday(Date.UTC(2026, 10, 23, 23, 59, 59, 999))).toISOString()).toBe(
    '2026-11-23T00:00:00.000Z',
  );
});
