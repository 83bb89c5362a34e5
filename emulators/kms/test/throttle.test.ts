// SPDX-License-Identifier: Apache-2.0
import { EncryptCommand, ListKeysCommand } from '@aws-sdk/client-kms';
import { describe, expect, it } from 'vitest';
import { Throttle } from '../src/throttle.ts';
import { errorOf, role, testEmulator } from './support/emulator.ts';

const THROTTLED = expect.objectContaining({ code: 'ThrottlingException' });

describe('Throttle', () => {
  it('lets a second’s worth through at once, and then as many as time earns', () => {
    const throttle = new Throttle({ symmetric: 10 });
    const take = (now: number) => throttle.take('symmetric', now);
    for (let i = 0; i < 10; i++) take(1_000_000);
    expect(() => take(1_000_000)).toThrow(THROTTLED);
    expect(() => take(1_000_099)).toThrow(THROTTLED);
    take(1_000_200);
    expect(() => take(1_000_200)).not.toThrow();
    expect(() => take(1_000_200)).toThrow(THROTTLED);
    for (let i = 0; i < 10; i++) take(1_100_000);
    expect(() => take(1_100_000)).toThrow(THROTTLED);
  });

  it('does not count what has no quota, and earns nothing from a clock set back', () => {
    const throttle = new Throttle({ keyPairs: 1 });
    for (let i = 0; i < 100; i++) throttle.take('symmetric', 1);
    for (let i = 0; i < 100; i++) throttle.take(null, 1);
    throttle.take('keyPairs', 10_000);
    expect(() => throttle.take('keyPairs', 5)).toThrow(THROTTLED);
  });
});

describe('an emulator with a quota and latency', async () => {
  const admin = role('admin');
  const emulator = await testEmulator([admin], { quotas: { symmetric: 2 }, latencyMs: 50 });
  const kms = emulator.client(admin);

  it('answers ThrottlingException, and each answer late', async () => {
    const encrypt = () => errorOf(kms.send(new EncryptCommand({ KeyId: 'x', Plaintext: Buffer.from('x') })));
    const start = performance.now();
    expect(await encrypt()).toBe('NotFoundException');
    expect(performance.now() - start).toBeGreaterThan(49);
    expect(await encrypt()).toBe('NotFoundException');
    // More than a machine that stands still for seconds earns.
    const names = await Promise.all(Array.from({ length: 20 }, encrypt));
    expect(names).toContain('ThrottlingException');
    expect(await errorOf(kms.send(new ListKeysCommand({})))).toBe('none');
  });
});
