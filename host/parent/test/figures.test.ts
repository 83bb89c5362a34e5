// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Figures, sayFigures } from '../src/figures.ts';
import type { Fleet } from '../src/fleet.ts';

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
  const fleet = (healthy: number): Fleet => ({ healthy, enclaves: [{}, {}] }) as unknown as Fleet;

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

  test('no enclave is no division by nought', () => {
    lines.length = 0;
    sayFigures(new Figures(), fleet(0), log, 60);
    vi.advanceTimersByTime(60_000);
    expect(lines[0]).toMatchObject({ busy: 0, healthy: 0, missing: 2 });
  });
});
