// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { Random } from '../heavy/kill/random.ts';
import { runsOf, type Subject } from './measure.ts';
import { judged, largestDifference, welch } from './welch.ts';

/** A normal distribution (Box and Muller), with a tail like that of a scheduler. */
function noise(random: Random, count: number, mean: number, deviation: number, tail = 0): Float64Array {
  return Float64Array.from({ length: count }, () => {
    const [u, v] = [1 - random.next(), random.next()];
    const value = mean + deviation * Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
    return random.next() < tail ? value + 1_000 * random.next() : value;
  });
}

describe("Welch's t", () => {
  test('is the textbook value for a small sample', () => {
    // Means 3 and 4, variances 2.5 and 2.5 of five each: -1 / sqrt(0.5 + 0.5).
    const { t, ns } = welch({ a: Float64Array.of(1, 2, 3, 4, 5), b: Float64Array.of(2, 3, 4, 5, 6) });
    expect(t).toBeCloseTo(-1, 12);
    expect(ns).toBe(-1);
  });

  test('is 0 of equal constants, and without end of different ones', () => {
    const [one, two] = [Float64Array.of(1, 1), Float64Array.of(2, 2)];
    expect(welch({ a: one, b: one }).t).toBe(0);
    expect(welch({ a: two, b: one }).t).toBe(Number.POSITIVE_INFINITY);
  });

  test('stays small for two halves of one distribution, tail or none', () => {
    const random = new Random(1);
    for (const tail of [0, 0.02]) {
      const [a, b] = [noise(random, 20_000, 100, 5, tail), noise(random, 20_000, 100, 5, tail)];
      expect(Math.abs(largestDifference({ a, b }).t)).toBeLessThan(4.5);
    }
  });

  test('sees, by cropping, a shift of a hundredth that a tail hides from the mean', () => {
    const random = new Random(2);
    const [a, b] = [noise(random, 20_000, 101, 5, 0.05), noise(random, 20_000, 100, 5, 0.05)];
    expect(Math.abs(welch({ a, b }).t)).toBeLessThan(4.5);
    expect(largestDifference({ a, b }).t).toBeGreaterThan(10);
  });
});

describe('a verdict over runs', () => {
  const runs = (...ts: number[]) => ts.map((t) => ({ t, ns: t }));

  test('is a leak when they agree beyond chance', () => {
    expect(judged(runs(20, 25, 30, 22, 3))).toBe('leaks');
    expect(judged(runs(-20, -25, -30, -22, -28))).toBe('leaks');
  });

  test('is none when they disagree on which class is slower, or most are small', () => {
    expect(judged(runs(20, -25, 30, -22, 28))).toBe('constant');
    expect(judged(runs(1, 30, 2, -3, 25))).toBe('constant');
  });

  test('is none when all of it is little beside what a leak looks like here', () => {
    expect(judged(runs(6, 7, 6, 8, 7), runs(300, 310, 290, 305, 280))).toBe('constant');
    expect(judged(runs(60, 70, 60, 80, 70), runs(300, 310, 290, 305, 280))).toBe('leaks');
  });
});

test('a subject whose time depends on its class is seen', async () => {
  const subject: Subject = {
    name: 'planted',
    classes: ['long', 'short'],
    calls: 1,
    samples: 1_000,
    input: (kind) => (kind === 'a' ? 2_000 : 200),
    run: (rounds: number) => {
      let sum = 0;
      for (let round = 0; round < rounds; round += 1) sum = (sum * 31 + round) | 0;
      return sum;
    },
  };
  const runs = await runsOf(subject, 1);
  expect(judged(runs)).toBe('leaks');
  expect(runs.every(({ t }) => t > 0)).toBe(true);
});
