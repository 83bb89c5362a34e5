// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { LoadLimit } from '../../src/http/load-limit.ts';

let now: number;
let limit: LoadLimit;
beforeEach(() => {
  now = 0;
  limit = new LoadLimit({ least: 4, most: 50, seconds: 5, now: () => now });
});
/** Enters so often at once. @returns how many got in */
const enter = (times: number): number =>
  Array.from({ length: times }, () => limit.enter()).filter(Boolean).length;
const leave = (times: number): void => {
  for (let i = 0; i < times; i++) limit.leave();
};
/** Answers so many a second, for so many seconds, while others come at once in their places. */
const work = (perSecond: number, seconds: number): void => {
  for (let i = 0; i < perSecond * seconds; i++) {
    now += 1000 / perSecond;
    limit.leave();
    limit.enter();
  }
};

describe('requests under way', () => {
  it('are bounded by memory alone while nothing is known of what the vault can do', () => {
    expect(enter(60)).toBe(50);
  });

  it('are as many as a busy vault answers in five seconds', () => {
    enter(50);
    work(2, 30);
    // Those of the fifty that left made no room until there were ten.
    expect(enter(10)).toBe(0);
    leave(1);
    expect(enter(10)).toBe(1);
  });

  it('are never fewer than a few, however slow it is', () => {
    enter(50);
    now += 2_000;
    limit.leave();
    now += 2_000;
    limit.leave();
    now += 2_000;
    leave(45);
    expect(enter(10)).toBe(1);
  });

  it('are bounded by memory again once a flood is over', () => {
    enter(50);
    work(2, 30);
    leave(9);
    expect(enter(60)).toBe(49);
  });

  it('of a vault that has little to do say nothing of what it can', () => {
    for (let second = 0; second < 20; second++) {
      enter(1);
      now += 1_000;
      leave(1);
    }
    expect(enter(60)).toBe(50);
  });

  it('that were refused count for nothing', () => {
    let underWay = enter(50);
    for (let i = 0; i < 30; i++) {
      now += 500;
      underWay += enter(100);
      leave(1);
      underWay -= 1;
    }
    // Two a second were answered, whatever was refused: ten places.
    expect(underWay).toBeGreaterThan(11);
    leave(underWay - 10);
    expect(enter(100)).toBe(0);
  });
});
