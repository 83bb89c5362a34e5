// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { clockError } from '../../../src/adapters/kms/clock-error.ts';
import { KmsError } from '../../../src/errors.ts';

const NOW = Date.UTC(2026, 10, 23);
const MINUTES = 60_000;
const of = (detail: string, date: number | null) => clockError(new KmsError('denied', detail), date, NOW);

describe('a signature that is refused', () => {
  test.each(['InvalidSignatureException', 'SignatureDoesNotMatch'])(
    'is the clock’s beyond four minutes: %s',
    (detail) => {
      for (const ahead of [4 * MINUTES, -4 * MINUTES, 0]) expect(of(detail, NOW + ahead)).toBeNull();
      for (const ahead of [4 * MINUTES + 1, -4 * MINUTES - 1]) {
        const found = of(detail, NOW + ahead);
        expect(found?.error).toMatchObject({ code: 'unavailable', detail: 'clock_skew' });
        expect(found?.details).toEqual({ detail, seconds: Math.sign(ahead) * 240 });
      }
      // Where KMS told no time, nothing says that it is.
      expect(of(detail, null)).toBeNull();
    },
  );
});

test.each([
  'RequestExpired',
  'RequestTimeTooSkewed',
  'RequestInTheFuture',
  'certificate_not_yet_valid',
  'certificate_expired',
])('%s is the clock’s, whatever KMS’s clock says, and if it says nothing', (detail) => {
  expect(of(detail, NOW)?.details).toEqual({ detail, seconds: 0 });
  expect(of(detail, null)?.details).toEqual({ detail });
  expect(of(detail, NOW - 1_501)?.details).toEqual({ detail, seconds: -2 });
});

test.each(['AccessDeniedException', 'certificate_untrusted', ''])('%j is not, on whatever day', (detail) => {
  for (const date of [null, NOW, NOW + 86_400_000]) expect(of(detail, date)).toBeNull();
});
