// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { openSection } from '../../bench/page/open-loop.ts';
import { arrivals, dueAt } from '../../bench/system/arrivals.ts';
import { Load } from '../../bench/system/load.ts';
import type { Row } from '../../bench/system/measure.ts';

describe('Requests at a rate of their own', () => {
  it('come so many a second on average, at random moments', () => {
    // A generator of numbers that is the same each time.
    let state = 1;
    const random = () => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    const coming = arrivals(500, 200, random);
    const moments = Array.from({ length: 20_000 }, () => Number(coming.next().value));
    expect(moments).toEqual(moments.toSorted((a, b) => a - b));
    expect(moments[0]).toBeGreaterThan(500);
    expect(((moments.at(-1) ?? 0) - 500) / moments.length).toBeCloseTo(5, 0);
    const gaps = moments.slice(1).map((moment, i) => moment - (moments[i] ?? 0));
    // Of an exponential distribution 1 - 1/e are below its mean; at a steady pace none or all would be.
    expect(gaps.filter((gap) => gap < 5).length / gaps.length).toBeCloseTo(1 - 1 / Math.E, 1);
  });

  it('count from when they were due only where they come too late for it', async () => {
    const late = performance.now() - 10;
    expect(await dueAt(late)).toBe(late);
    const soon = performance.now() + 5;
    // A timer may be some tenths of a millisecond early.
    expect(await dueAt(soon)).toBeGreaterThan(soon - 2);
  });

  it('wait for a connection where answers are slow, and that is in their latency', async () => {
    const slow = 50;
    const body = JSON.stringify({ fields: { dob: true, address3: false } });
    const server = createServer((request, response) => {
      request.resume();
      setTimeout(() => response.writeHead(200, { 'content-length': body.length }).end(body), slow);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const load = new Load();
    try {
      load.use({ hot: [{ id: 'v', n: 0 }], cold: [] });
      const { port } = server.address() as AddressInfo;
      const job = { port, key: 'k', kmsEvents: '', operation: 'get', warmUpMs: 0, ms: 600, patient: false };
      // One connection has time for twelve of the hundred that come: the last of them was due long before it was sent.
      const few = await load.run({ ...job, clients: 1, rate: 170 });
      expect(few.errors).toEqual([]);
      expect(few.times.length).toBeLessThanOrEqual(13);
      expect(Math.max(...few.times)).toBeGreaterThan(4 * slow);
      // Without a rate of their own no latency says so.
      const closed = await load.run({ ...job, clients: 1 });
      expect(Math.min(...closed.times)).toBeLessThan(4 * slow);
      const many = await load.run({ ...job, clients: 60, rate: 170 });
      expect(many.times.length).toBeGreaterThan(40);
    } finally {
      load.close();
      server.closeAllConnections();
      server.close();
    }
  });

  it('have a table, and a word where the vault fell behind', () => {
    const row = (perSecond: number) =>
      ({
        operation: 'get',
        clients: 512,
        perSecond,
        median: 1,
        p99: 2,
        p999: 3,
        requests: 9_000,
        errors: {},
      }) as Row;
    const kept = openSection([{ share: 0.5, rate: 100, row: row(99) }]);
    expect(kept).toContain('| get | 50 % | 100 | 99.0 | 1.00 | 2.00 | 3.00 | 0 |');
    expect(kept).toContain('kept up with all');
    expect(kept).toContain('was filled beside what was measured');
    const rested = openSection([{ share: 0.5, rate: 100, row: row(99), rested: true }]);
    expect(rested).not.toContain('was filled beside what was measured');
    const behind = openSection([{ share: 0.8, rate: 160, row: row(120) }]);
    expect(behind).toContain('did not keep up with **get** at 80 %');
    expect(openSection([])).toBe('');
  });
});
