// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { FRESHNESS_MS } from '@enclave-vault/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeenRequests } from '../../src/core/seen.ts';

const NOW = Date.UTC(2026, 0, 1);
const codeOf = (action: () => void): unknown => {
  try {
    action();
    return 'none';
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};

describe('seen requests', () => {
  test('an id is taken once, whatever time comes with it', () => {
    const seen = new SeenRequests(10);
    const id = randomBytes(16);
    seen.add(id, NOW, NOW);
    expect(seen.has(Buffer.from(id))).toBe(true);
    expect(codeOf(() => seen.add(Buffer.from(id), NOW, NOW))).toBe('repeated');
    expect(codeOf(() => seen.add(id, NOW + 45_000, NOW))).toBe('repeated');
    expect(seen.size).toBe(1);
  });

  test('what is full says busy, and forgets nothing for it', () => {
    const seen = new SeenRequests(3);
    const ids = [1, 2, 3].map(() => randomBytes(16));
    for (const id of ids) seen.add(id, NOW, NOW);
    expect(codeOf(() => seen.add(randomBytes(16), NOW, NOW))).toBe('busy');
    expect(ids.every((id) => seen.has(id))).toBe(true);
  });

  test('there is room again when envelopes are no longer fresh', () => {
    const seen = new SeenRequests(1);
    const id = randomBytes(16);
    seen.add(id, NOW, NOW);
    const later = NOW + FRESHNESS_MS + 10_000;
    expect(codeOf(() => seen.add(randomBytes(16), later, later))).toBe('none');
    expect(seen.has(id)).toBe(false);
    expect(seen.size).toBe(1);
  });

  test('an id is forgotten with its span, in the millisecond in which that ends', () => {
    const seen = new SeenRequests(10);
    const span = 10_000;
    // The last millisecond of a span, and the first one of the next.
    seen.add(randomBytes(16), NOW - FRESHNESS_MS - 1, NOW - FRESHNESS_MS);
    seen.add(randomBytes(16), NOW - FRESHNESS_MS, NOW - FRESHNESS_MS);
    const sizes = [NOW - 1, NOW, NOW + span - 1, NOW + span].map((now) => {
      seen.forget(now);
      return seen.size;
    });
    expect(sizes).toEqual([2, 1, 1, 0]);
  });

  test('ids that differ in one bit of any byte are two', () => {
    const seen = new SeenRequests(1_000);
    const ids = Array.from({ length: 16 * 8 }, (_, bit) => {
      const id = Buffer.alloc(16, 0x80);
      id[bit >> 3] = 0x80 ^ (1 << (bit & 7));
      return id;
    });
    for (const id of ids) seen.add(id, NOW, NOW);
    expect(seen.size).toBe(16 * 8);
    expect(seen.has(Buffer.alloc(16, 0x80))).toBe(false);
  });

  test('property: an id is known at every moment at which its envelope would pass as fresh', () => {
    const time = fc.integer({ min: NOW - FRESHNESS_MS, max: NOW + FRESHNESS_MS });
    fc.assert(
      fc.property(fc.array(time, { minLength: 1, maxLength: 30 }), fc.nat(200_000), (times, passed) => {
        const seen = new SeenRequests(100);
        const envelopes = times.map((at) => ({ at, id: randomBytes(16) }));
        for (const { id, at } of envelopes) seen.add(id, at, NOW);
        const now = NOW + passed;
        seen.forget(now);
        for (const { id, at } of envelopes) {
          if (now - at <= FRESHNESS_MS) expect(seen.has(id)).toBe(true);
        }
        // And not for ever.
        if (passed > 2 * FRESHNESS_MS + 10_000) expect(seen.size).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});
