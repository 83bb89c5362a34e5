// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { Pace } from '../../src/record-keys/pace.ts';

function paced(perSecond: number, random = 1) {
  let now = 5_000;
  const pace = new Pace(perSecond, { elapsed: () => now, random: () => random });
  const begin = (ms: number): number => {
    let calls = 0;
    for (const end = now + ms; now < end; now += 1) while (pace.take() === 0) calls += 1;
    return calls;
  };
  const pass = (ms: number): void => {
    now += ms;
  };
  return { pace, begin, pass };
}

describe('the pace of calls that nobody waits for', () => {
  it('is a second’s worth at once, and the rate from then on', () => {
    const { begin } = paced(50);
    expect(begin(1)).toBe(50);
    expect(begin(2_000)).toBe(100);
  });

  it('says how long to wait for the next', () => {
    const { pace, begin, pass } = paced(50);
    begin(1);
    const wait = pace.take();
    expect(wait).toBeGreaterThan(10);
    expect(wait).toBeLessThanOrEqual(20);
    pass(wait);
    expect(pace.take()).toBe(0);
  });

  it('rests after a refusal, twice as long after the next, half a minute at most, and then halves', () => {
    const { pace, begin, pass } = paced(64);
    const pauses = Array.from({ length: 9 }, () => {
      pace.refused();
      const pause = pace.take();
      pass(pause);
      return pause;
    });
    expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect(pace.perSecond).toBe(1);
    expect(begin(10_001)).toBe(10);
  });

  it('does not rest as long as others who were refused at the same time', () => {
    const { pace } = paced(64, 0);
    pace.refused();
    expect(pace.take()).toBe(125);
  });

  it('takes calls that are refused together for one refusal', () => {
    const { pace } = paced(64);
    for (let i = 0; i < 32; i += 1) pace.refused();
    expect(pace.perSecond).toBe(32);
    expect(pace.take()).toBe(250);
  });

  it('comes back by successes, and not by those of calls from before the refusal', () => {
    const { pace, pass } = paced(128);
    pace.refused();
    pace.succeeded();
    expect(pace.perSecond).toBe(64);
    pass(250);
    for (let i = 0; i < 10; i += 1) pace.succeeded();
    expect(pace.perSecond).toBe(74);
    for (let i = 0; i < 1_000; i += 1) pace.succeeded();
    expect(pace.perSecond).toBe(128);
    pace.refused();
    expect(pace.take()).toBe(250);
  });
});
