// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { SourceParser } from '../../src/operations/expression-uses.ts';

/** Times in which each parsing takes so many milliseconds, and turns of the others are counted. */
class CountedTimes {
  turns = 0;
  readonly #took: number;
  #now = 0;
  #asked = 0;

  constructor(took: number) {
    this.#took = took;
  }

  now = (): number => {
    // Asked before and after each parsing.
    this.#asked += 1;
    if (this.#asked % 2 === 0) this.#now += this.#took;
    return this.#now;
  };

  others = async (): Promise<void> => {
    this.turns += 1;
  };
}

const sources = (count: number): string[] => Array.from({ length: count }, (_, n) => `dob + "${n}"`);

describe('expressions of one request', () => {
  it('that take long to parse leave others a turn after each', async () => {
    const times = new CountedTimes(10);
    const { uses, failed } = await new SourceParser(times).parse(sources(20));
    expect([uses.size, failed.size, times.turns]).toEqual([20, 0, 19]);
  });

  it('that do not, after every 5 ms of them', async () => {
    const times = new CountedTimes(1);
    await new SourceParser(times).parse(sources(20));
    expect(times.turns).toBe(3);
  });

  it('are given up after 250 ms, and say so', async () => {
    const times = new CountedTimes(50);
    const { uses, failed } = await new SourceParser(times).parse(sources(20));
    expect(uses.size).toBe(6);
    expect(new Set(failed.values())).toEqual(new Set(['expression_budget_exceeded']));
    // Time is one request's own: the next has all of it, and what is known costs none.
    const again = new SourceParser(new CountedTimes(50));
    await again.parse(sources(3));
    const { failed: none } = await again.parse(sources(3));
    expect(none.size).toBe(0);
  });

  it('that do not parse are known as such, and cost no second time', async () => {
    const times = new CountedTimes(10);
    const parser = new SourceParser(times);
    const bad = ['dob +', 'dob(', 'f(x)'];
    for (let n = 0; n < 5; n += 1) {
      const { failed } = await parser.parse(bad);
      expect([...failed.values()]).toEqual(Array(3).fill('expression_invalid'));
    }
    expect(times.turns).toBe(2);
  });
});

it('of many requests at once one source is parsed in a turn', async () => {
  const times = new CountedTimes(10);
  const parser = new SourceParser(times);
  await Promise.all(sources(8).map((source) => parser.parse([source])));
  expect(times.turns).toBe(7);
});
