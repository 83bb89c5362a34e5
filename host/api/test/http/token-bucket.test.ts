// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hourly, TokenBuckets, takeAll, wholeSeconds } from '../../src/http/token-bucket.ts';

test('lets a burst through, then the rate, and says when to come again', () => {
  let now = 0;
  const buckets = new TokenBuckets({ burst: 3, perSecond: 0.5, now: () => now });
  expect([1, 2, 3].map(() => buckets.take('a'))).toEqual([0, 0, 0]);
  expect(buckets.take('a')).toBe(2);
  expect(buckets.take('b')).toBe(0);
  now = 1_999;
  expect(buckets.take('a')).toBe(1);
  now = 2_001;
  expect(buckets.take('a')).toBe(0);
  expect(buckets.take('a')).toBe(2);
});

test('says when there is one, without taking it', () => {
  let now = 0;
  const buckets = new TokenBuckets({ burst: 1, perSecond: 0.5, now: () => now });
  expect([buckets.due('a'), buckets.due('a'), buckets.take('a'), buckets.due('a')]).toEqual([0, 0, 0, 2]);
  now = 2_000;
  expect([buckets.due('a'), buckets.take('a'), buckets.due('a')]).toEqual([0, 0, 2]);
});

test('never lets more through than burst and rate allow, and Retry-After is kept', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 60 }), (gaps) => {
      let now = 0;
      let passed = 0;
      let open = 0;
      const buckets = new TokenBuckets({ burst: 5, perSecond: 2, now: () => now });
      for (const gap of gaps) {
        now += gap;
        const wait = buckets.take('x');
        if (open > 0 && now >= open) expect(wait).toBe(0);
        if (wait === 0) {
          passed += 1;
          open = 0;
        } else open = now + wait * 1_000;
        expect(passed).toBeLessThanOrEqual(5 + (now / 1_000) * 2);
      }
    }),
  );
});

test('by the hour: half at once, and in no hour more than an hour has', () => {
  expect(hourly(180_000)).toEqual({ burst: 90_000, perSecond: 25 });
  expect(hourly(2)).toEqual({ burst: 1, perSecond: 1 / 3_600 });
  const seconds = fc.array(fc.integer({ min: 0, max: 1_500 }), { minLength: 10, maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 12 }), seconds, (perHour, gaps) => {
      let now = 0;
      const passed: number[] = [];
      const buckets = new TokenBuckets({ ...hourly(perHour), now: () => now });
      for (const gap of gaps) {
        now += gap * 1_000;
        if (buckets.take('x') === 0) passed.push(now);
      }
      for (const from of passed)
        expect(passed.filter((at) => at >= from && at < from + 3_600_000).length).toBeLessThanOrEqual(
          perHour,
        );
    }),
  );
});

test('of several, one of each or none of any', () => {
  let now = 0;
  const [few, many] = [1, 5].map((burst) => new TokenBuckets({ burst, perSecond: 0.5, now: () => now }));
  const both = [few, many].filter((one) => one !== undefined);
  expect(takeAll(both, 'a')).toBe(0);
  for (let i = 0; i < 10; i += 1) expect(wholeSeconds(takeAll(both, 'a'))).toBe(2);
  // The tries took nothing of the other.
  expect([1, 2, 3, 4].map(() => many?.take('a'))).toEqual([0, 0, 0, 0]);
  now = 2_001;
  expect(takeAll(both, 'a')).toBe(0);
});

test('forgets the key used longest ago, so that a flood of keys does not fill the memory', () => {
  const buckets = new TokenBuckets({ burst: 1, perSecond: 0.001, now: () => 0 });
  buckets.take('old');
  for (let index = 0; index < 9_998; index += 1) buckets.take(`k${index}`);
  buckets.take('kept');
  expect(buckets.take('old')).toBeGreaterThan(0);
  for (let index = 0; index < 9_999; index += 1) buckets.take(`m${index}`);
  expect(buckets.take('kept')).toBe(0);
});
