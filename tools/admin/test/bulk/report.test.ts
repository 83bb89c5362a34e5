// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type Bytes, momentLine, Tally } from '../../src/bulk/report.ts';

const line = (
  bytes: Partial<Bytes>,
  more: { readonly resent?: number; readonly reason?: string; readonly limitedFor?: number } = {},
): string =>
  momentLine({
    verb: 'created',
    tally: new Tally({ done: 355, incomplete: 0, refused: {} }),
    ...{ unanswered: 256, resent: 0, reason: undefined, limitedFor: 0, rate: 59, seconds: 6, ...more },
    bytes: { all: 200_000, done: 0, before: 0, compared: undefined, ...bytes },
  });

describe('the progress of a job', () => {
  it('is the share of the input whose rows have an outcome, and the time is what the rest of its bytes takes', () => {
    // 35,500 of 200,000 bytes in 6 s: the other 164,500 take 27.8.
    expect(line({ done: 35_500 })).toBe(
      '355 created, 0 refused, 17% of the input, 59/s, about 28 s left, 256 on the way',
    );
  });

  it('leaves out of the time what earlier runs did', () => {
    // 50,000 bytes in 6 s: the other 50,000 take 6.
    expect(line({ done: 150_000, before: 100_000 })).toContain('75% of the input, 59/s, about 6 s left');
  });

  it('tells no time before there is a row, and no share of an input without an end', () => {
    expect(line({ done: 100_000, before: 100_000 })).toContain('50% of the input, 59/s, 256');
    expect(line({ all: undefined, done: 100 })).toBe('355 created, 0 refused, 59/s, 256 on the way');
  });

  it('tells that it compares what an earlier run had read before anything is sent', () => {
    expect(line({ compared: 50_000 })).toBe('what was read before is compared: 25% of the input');
  });

  it('says that the vault has it wait, and how long', () => {
    expect(line({ done: 1 }, { limitedFor: 720 })).toMatch(
      /256 on the way, told to wait 12 min for the vault’s rates$/,
    );
  });

  it('counts rows that were sent again', () => {
    expect(line({ done: 1 }, { resent: 1 })).toMatch(/, 1 row sent again$/);
    expect(line({ done: 1 }, { resent: 12 })).toMatch(/, 12 rows sent again$/);
  });

  it('names the last reason of rows that are sent again, also before the first of them is', () => {
    const reason = 'kms_unavailable';
    expect(line({ done: 1 }, { resent: 12, reason })).toMatch(
      /, 12 rows sent again \(last kms_unavailable\)$/,
    );
    expect(line({ done: 1 }, { reason })).toMatch(/, 0 rows sent again \(last kms_unavailable\)$/);
  });
});
