// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { codeOf } from '../support/fixture.ts';
import { pool, settle, warm } from './support.ts';

const MINUTE = 60_000;

describe('key pairs of new records', () => {
  it('are ready when the next record comes: none of its requests asks KMS', async () => {
    const one = pool();
    await warm(one);
    expect(one.keys.figures).toMatchObject({ fromKms: 1, fromPool: 0, made: 2, ready: 2 });
    await one.create();
    await one.create();
    expect(one.keys.figures).toMatchObject({ fromKms: 1, fromPool: 2, ready: 0 });
    await one.create();
    expect(one.keys.figures.fromKms).toBe(2);
  });

  it('are not made before anybody makes a record, nor while nobody does', async () => {
    const one = pool();
    await settle();
    expect(one.kms.asked).toEqual([]);
    await warm(one);
    one.pass(11 * MINUTE);
    await settle();
    expect(one.kms.asked).toEqual([]);
    expect(one.keys.figures).toMatchObject({ ready: 0, dropped: 2 });
  });

  it('follow what was used in the last seconds, up to the size', async () => {
    const one = pool({ size: 20 });
    await warm(one, 'one', 12);
    expect(one.keys.figures.ready).toBe(12);
    await warm(one, 'one', 12);
    expect(one.keys.figures.ready).toBe(20);
    one.pass(9 * MINUTE);
    for (let i = 0; i < 18; i += 1) await one.create();
    await settle();
    // Each that was taken is asked for again.
    expect(one.kms.asked).toHaveLength(18);
  });

  it('are asked for again one by one, also where there are more than were used lately', async () => {
    const one = pool();
    await warm(one, 'one', 12);
    one.pass(MINUTE);
    await one.create();
    await settle();
    expect(one.kms.asked).toHaveLength(1);
  });

  it('are dropped after ten minutes, and another asked for', async () => {
    const one = pool();
    await warm(one);
    one.pass(10 * MINUTE + 1);
    await one.create();
    expect(one.keys.figures).toMatchObject({ fromKms: 2, fromPool: 0, dropped: 2 });
  });

  it('are of the tenant that KMS made them for, whoever else has some', async () => {
    const one = pool();
    await warm(one, 'one', 5);
    await one.create('two');
    expect(one.keys.figures).toMatchObject({ fromKms: 6, fromPool: 0, ready: 5 });
  });

  it('are asked for in turns: a tenant with a thousand records keeps nobody from his few', async () => {
    const one = pool({ size: 40, perSecond: 8 });
    for (let i = 0; i < 1_000; i += 1) await one.create('greedy');
    await one.create('modest');
    await settle();
    expect(one.kms.of('greedy')).toHaveLength(6);
    expect(one.kms.of('modest')).toHaveLength(2);
  });

  it('of somebody with more than his share make room for those of another', async () => {
    const one = pool({ size: 8 });
    await warm(one, 'one', 20);
    expect(one.keys.figures.ready).toBe(8);
    await warm(one, 'two');
    expect(one.keys.figures).toMatchObject({ ready: 8, dropped: 2 });
    await one.create('two');
    expect(one.keys.figures.fromPool).toBe(1);
  });

  it('are never more than the size, however many tenants there are, and a tenant beyond asks KMS', async () => {
    const one = pool({ size: 300, perSecond: 100_000 });
    for (let tenant = 0; tenant < 400; tenant += 1) await warm(one, `tenant-${tenant}`, 3);
    expect(one.keys.figures.ready).toBeLessThanOrEqual(300);
    expect(one.keys.figures.ready).toBeGreaterThan(200);
    const { fromPool } = one.keys.figures;
    await one.create('tenant-399');
    expect(one.keys.figures.fromPool).toBe(fromPool);
    one.pass(11 * MINUTE);
    await warm(one, 'tenant-399');
    await one.create('tenant-399');
    expect(one.keys.figures.fromPool).toBe(fromPool + 1);
  });

  it('under way are never more than 32', async () => {
    const one = pool({ size: 1_000 });
    for (let i = 0; i < 100; i += 1) await one.create();
    await settle();
    expect(one.kms.asked).toHaveLength(32);
  });

  it('are not made with a size of 0', async () => {
    const one = pool({ size: 0 });
    await warm(one, 'one', 3);
    expect(one.keys.figures).toEqual({
      ready: 0,
      dropped: 0,
      fromPool: 0,
      fromKms: 3,
      made: 0,
      failed: 0,
    });
  });

  it('are gone when the vault closes, those under way as well', async () => {
    const one = pool();
    await warm(one);
    await one.create();
    await settle();
    one.keys.close();
    one.kms.answer();
    await settle();
    expect(one.keys.figures).toMatchObject({ ready: 0, dropped: 2 });
    await one.create();
    await settle();
    expect(one.kms.asked).toEqual([]);
  });
});

describe('a KMS that refuses to make key pairs beforehand', () => {
  it('is left alone for a while, and records ask it themselves', async () => {
    const one = pool();
    await one.create();
    await settle();
    one.kms.refuse('throttled');
    await settle();
    await one.create();
    await settle();
    expect(one.kms.asked).toEqual([]);
    expect(one.keys.figures).toMatchObject({ fromKms: 2, made: 0, failed: 2 });
    one.pass(300);
    await warm(one);
    expect(one.keys.figures.ready).toBeGreaterThan(1);
  });

  it('is told of once a minute, however often it refuses', async () => {
    const one = pool();
    for (let second = 0; second < 120; second += 1) {
      await one.create();
      await settle();
      one.kms.refuse('unavailable');
      one.pass(1_000);
    }
    expect(one.keys.figures.failed).toBeGreaterThan(5);
    expect(one.reports).toEqual([
      { event: 'record_keys_failed', code: 'unavailable' },
      { event: 'record_keys_failed', code: 'unavailable' },
    ]);
  });

  it('because it denies them ends those that are ready, too', async () => {
    const one = pool();
    await warm(one, 'one', 4);
    await one.create();
    await settle();
    one.kms.refuse('denied');
    await settle();
    expect(one.keys.figures).toMatchObject({ ready: 0, dropped: 3 });
    const next = one.keys.next('one', Number.MAX_SAFE_INTEGER, 'somebody');
    one.kms.refuse('denied');
    await expect(next).rejects.toMatchObject({ code: 'denied' });
  });

  it('with a record that waits is not asked for others beside it', async () => {
    const one = pool();
    const next = one.keys.next('one', Number.MAX_SAFE_INTEGER, 'somebody');
    one.kms.refuse('throttled');
    await expect(next).rejects.toMatchObject({ code: 'throttled' });
    await settle();
    expect(one.kms.asked).toEqual([]);
  });

  it('is counted by the pairs that it made for records that waited, and not by what it refused them', async () => {
    const one = pool({ size: 0 });
    const refused = one.keys.next('one', Number.MAX_SAFE_INTEGER, 'somebody');
    one.kms.refuse('throttled');
    await expect(refused).rejects.toMatchObject({ code: 'throttled' });
    expect(one.keys.figures.fromKms).toBe(0);
    await one.create();
    expect(one.keys.figures.fromKms).toBe(1);
  });

  it('after the process stood still is no refusal: the call was cut off', async () => {
    const one = pool();
    await one.create();
    await settle();
    one.pass(3 * MINUTE);
    one.kms.refuse('unavailable');
    await settle();
    expect(one.reports).toEqual([]);
    expect(one.kms.asked).not.toEqual([]);
  });

  it('does not hold up a record beyond its deadline', async () => {
    const one = pool({ size: 0 });
    expect(await codeOf(one.keys.next('one', 0, 'somebody'))).toBe('timed_out');
  });

  it('gives a wrapped key that no enclave would take: neither a record nor the pool does', async () => {
    const one = pool();
    const long = { publicKey: Buffer.alloc(1), wrappedPrivateKey: Buffer.alloc(6_145), keyArn: 'arn' };
    const next = one.keys.next('one', Number.MAX_SAFE_INTEGER, 'somebody');
    await settle();
    for (const { answer } of one.kms.asked) answer(long);
    await expect(next).rejects.toMatchObject({ code: 'invalid' });
    await settle();
    expect(one.keys.figures).toMatchObject({ ready: 0, made: 0, failed: 2 });
  });
});
