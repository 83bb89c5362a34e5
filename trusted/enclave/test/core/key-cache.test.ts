// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { KeyCache } from '../../src/core/key-cache.ts';

const HOUR = 3_600_000;
let time = 0;
const now = (): number => time;

/** What KMS would say: a key, and how often it was asked. */
function kms(wait: Promise<unknown> = Promise.resolve()) {
  const keys: Buffer[] = [];
  return {
    keys,
    unwrap: async () => {
      const key = randomBytes(32);
      keys.push(key);
      await wait;
      return key;
    },
  };
}

test('asks once, and gives each caller a copy of his own', async () => {
  const cache = new KeyCache(4, HOUR);
  const { keys, unwrap } = kms();
  const wrapped = randomBytes(100);
  const first = await cache.get(wrapped, now, unwrap);
  const expected = Buffer.from(first);
  first.fill(0);
  const second = await cache.get(Buffer.from(wrapped), now, unwrap);
  expect(second).toEqual(expected);
  expect(keys).toHaveLength(1);
});

test('keys are told apart by their wrapped form', async () => {
  const cache = new KeyCache(4, HOUR);
  const { keys, unwrap } = kms();
  const one = await cache.get(Buffer.from('one'), now, unwrap);
  const two = await cache.get(Buffer.from('two'), now, unwrap);
  expect(one).not.toEqual(two);
  expect(keys).toHaveLength(2);
});

test('asks once for all who come while it asks', async () => {
  const cache = new KeyCache(4, HOUR);
  const gate = Promise.withResolvers<void>();
  const { keys, unwrap } = kms(gate.promise);
  const wrapped = randomBytes(100);
  const all = Array.from({ length: 5 }, () => cache.get(wrapped, now, unwrap));
  gate.resolve();
  const got = await Promise.all(all);
  expect(keys).toHaveLength(1);
  expect(got.every((key) => key.equals(got[0] as Buffer))).toBe(true);
  expect(new Set(got).size).toBe(5);
});

test('who waited for a question that failed asks for himself', async () => {
  const cache = new KeyCache(4, HOUR);
  const wrapped = randomBytes(100);
  const gate = Promise.withResolvers<void>();
  const failing = cache.get(wrapped, now, async () => {
    await gate.promise;
    throw new Error('denied');
  });
  const waiting = cache.get(wrapped, now, kms().unwrap);
  gate.resolve();
  await expect(failing).rejects.toThrow('denied');
  expect((await waiting).length).toBe(32);
});

test('a failure is not remembered', async () => {
  const cache = new KeyCache(4, HOUR);
  const wrapped = randomBytes(100);
  await expect(cache.get(wrapped, now, () => Promise.reject(new Error('x')))).rejects.toThrow('x');
  expect((await cache.get(wrapped, now, kms().unwrap)).length).toBe(32);
});

test('a key past its time is asked for again, and zeroed when it is forgotten', async () => {
  const cache = new KeyCache(4, HOUR);
  const { keys, unwrap } = kms();
  const wrapped = randomBytes(100);
  await cache.get(wrapped, now, unwrap);
  time += HOUR;
  await cache.get(wrapped, now, unwrap);
  expect(keys).toHaveLength(2);
  expect(keys[0]).toEqual(Buffer.alloc(32));
  cache.forget(time + HOUR);
  expect(cache.size).toBe(0);
  expect(keys[1]).toEqual(Buffer.alloc(32));
});

test('beyond its size it drops the oldest, zeroed, and no copy that is in use', async () => {
  const cache = new KeyCache(2, HOUR);
  const { keys, unwrap } = kms();
  const copies: Buffer[] = [];
  for (const name of ['a', 'b', 'c']) copies.push(await cache.get(Buffer.from(name), now, unwrap));
  expect(cache.size).toBe(2);
  expect(keys.map((key) => key.every((byte) => byte === 0))).toEqual([true, false, false]);
  expect(copies.some((key) => key.every((byte) => byte === 0))).toBe(false);
});
