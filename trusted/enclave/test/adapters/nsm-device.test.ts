// SPDX-License-Identifier: Apache-2.0

import { encodeCbor } from '@enclave-vault/codec';
import { LinuxError } from '@enclave-vault/linux';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { NsmClient } from '../../src/adapters/nsm-client.ts';
import { nsmDevice } from '../../src/adapters/nsm-device.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const lost = vi.fn();

test('what the device answers is passed on', async () => {
  const exchange = nsmDevice(async (request) => Buffer.concat([request, request]), lost);
  expect(await exchange(Buffer.from('ab'))).toEqual(Buffer.from('abab'));
  // The five seconds are each request's own, and end with it.
  await vi.advanceTimersByTimeAsync(0);
  expect(vi.getTimerCount()).toBe(0);
});

test('a module that failed and did not hang is asked again', async () => {
  let asked = 0;
  const exchange = nsmDevice(
    () => (++asked === 1 ? Promise.reject(new Error('x')) : Promise.resolve(Buffer.of(1))),
    lost,
  );
  await expect(exchange(Buffer.from('x'))).rejects.toMatchObject({ detail: 'nsm_error' });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await exchange(Buffer.from('y'))).toEqual(Buffer.of(1));
  expect(lost).not.toHaveBeenCalled();
});

test('32 bytes of random numbers are enough, and are handed over as they are', async () => {
  const random = Buffer.alloc(32, 7);
  const answer = encodeCbor(new Map([['GetRandom', new Map([['random', random]])]]));
  const asked: Buffer[] = [];
  const nsm = new NsmClient(async (request) => {
    asked.push(request);
    return Buffer.from(answer);
  });
  expect(await nsm.random()).toEqual(random);
  expect(asked).toEqual([encodeCbor('GetRandom')]);
});

test('what the kernel says becomes an error of the module, by its code', async () => {
  const failing = (error: Error) => nsmDevice(() => Promise.reject(error), lost)(Buffer.from('x'));
  await expect(failing(new LinuxError('device_failed', 'ioctl', 'EIO'))).rejects.toMatchObject({
    name: 'NsmError',
    detail: 'nsm_device_failed',
  });
  await expect(failing(new Error('/dev/nsm is on fire'))).rejects.toMatchObject({ detail: 'nsm_error' });
  expect(lost).not.toHaveBeenCalled();
});

test('one that does not answer in five seconds is lost, once and for all', async () => {
  const exchange = nsmDevice(() => new Promise(() => undefined), lost);
  const asked = Promise.allSettled([exchange(Buffer.from('x')), exchange(Buffer.from('y'))]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await asked).toMatchObject([
    { reason: { detail: 'nsm_timed_out' } },
    { reason: { detail: 'nsm_timed_out' } },
  ]);
  await expect(exchange(Buffer.from('z'))).rejects.toMatchObject({ detail: 'nsm_lost' });
  expect(lost).toHaveBeenCalledTimes(1);
});

test.each([
  ['31 bytes of random numbers', { random: Buffer.alloc(31) }],
  ['text in their place', { random: 'x'.repeat(256) }],
  ['nothing', {}],
])('%s are no seed: nsm_response', async (_, members) => {
  const answer = encodeCbor(
    new Map([['GetRandom', new Map<string, Buffer | string>(Object.entries(members))]]),
  );
  await expect(new NsmClient(async () => Buffer.from(answer)).random()).rejects.toMatchObject({
    detail: 'nsm_response',
  });
});
