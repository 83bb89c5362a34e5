// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Figures, sayFigures } from '../src/figures.ts';
import type { Fleet } from '../src/fleet.ts';
import { Tally } from '../src/tally.ts';

describe('Figures', () => {
  test('tell refusals from failures, and begin anew each time', () => {
    const figures = new Figures();
    for (const status of [200, 403, 503, 503, 500, 502, 504]) figures.add(status, 10);
    expect(figures.take(60_000)).toMatchObject({ requests: 7, refused: 2, failed: 3 });
    expect(figures.take(60_000)).toEqual({ requests: 0, refused: 0, failed: 0, underWay: 0 });
  });

  test('say how many were under way on average', () => {
    const figures = new Figures();
    // Ten a second for a minute, 200 ms each: two at any time.
    for (let count = 0; count < 600; count += 1) figures.add(200, 200);
    expect(figures.take(60_000).underWay).toBeCloseTo(2, 10);
  });
});

describe('sayFigures', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());
  const lines: Record<string, unknown>[] = [];
  const log = (level: string, event: string, fields: Readonly<Record<string, unknown>> = {}) =>
    void lines.push({ level, event, ...fields });
  const fleet = (healthy: number): Fleet => ({ healthy, enclaves: [place(), place()] }) as unknown as Fleet;
  const place = () => ({
    opened: new Tally(),
    limited: new Tally(),
    keyHits: new Tally(),
    keyMisses: new Tally(),
    keys: 0,
  });

  test('has one line a time, of one enclave, until it is ended', () => {
    lines.length = 0;
    const figures = new Figures();
    const end = sayFigures(figures, fleet(2), log, 60);
    for (let count = 0; count < 600; count += 1) figures.add(count < 3 ? 503 : 200, 200);
    vi.advanceTimersByTime(60_000);
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'info',
        event: 'figures',
        requests: 600,
        refused: 3,
        failed: 0,
        busy: 1,
        healthy: 2,
        missing: 0,
      }),
    ]);
    expect(lines[0]?.up_hours).toBeGreaterThan(0);
    end();
    vi.advanceTimersByTime(600_000);
    expect(lines).toHaveLength(1);
  });

  test('say what was opened since the last line, by the enclaves’ own count, over those that came and went', () => {
    lines.length = 0;
    const of = fleet(2);
    const [one, other] = of.enclaves;
    const end = sayFigures(new Figures(), of, log, 60);
    one?.opened.see(100);
    other?.opened.see(20);
    vi.advanceTimersByTime(60_000);
    one?.opened.see(130);
    other?.opened.restart();
    other?.opened.see(5);
    other?.limited.see(7);
    vi.advanceTimersByTime(60_000);
    vi.advanceTimersByTime(60_000);
    end();
    expect(lines.map(({ opened, limited }) => [opened, limited])).toEqual([
      [120, 0],
      [35, 7],
      [0, 0],
    ]);
  });

  test('say how often KMS was asked for a record’s key, and how many are in memory', () => {
    lines.length = 0;
    const of = fleet(2);
    const end = sayFigures(new Figures(), of, log, 60);
    for (const [index, enclave] of of.enclaves.entries()) {
      enclave.keyHits.see(90 + index);
      enclave.keyMisses.see(10);
      enclave.keys = 5;
    }
    vi.advanceTimersByTime(60_000);
    of.enclaves[0]?.keyHits.see(100);
    vi.advanceTimersByTime(60_000);
    end();
    expect(lines.map(({ key_hits, key_misses, keys }) => [key_hits, key_misses, keys])).toEqual([
      [181, 20, 10],
      [10, 0, 10],
    ]);
  });

  test('count nothing that an enclave’s health does not say as a count that grows', () => {
    const tally = new Tally();
    for (const said of [3, undefined, '9', 2, -1, 4.5, Number.NaN, 2 ** 60, 4]) tally.see(said);
    expect(tally.total).toBe(4);
  });

  test('no enclave is no division by nought', () => {
    lines.length = 0;
    sayFigures(new Figures(), fleet(0), log, 60);
    vi.advanceTimersByTime(60_000);
    expect(lines[0]).toMatchObject({ busy: 0, healthy: 0, missing: 2 });
  });
});
