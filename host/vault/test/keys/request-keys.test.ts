// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { KmsError } from '../../src/index.ts';
import { RequestKeys } from '../../src/keys/request-keys.ts';
import { MovableClock } from '../support/fixture.ts';
import { LocalKms } from '../support/local-kms.ts';

function keys(): { keys: RequestKeys; kms: LocalKms; clock: MovableClock } {
  const kms = new LocalKms();
  const clock = new MovableClock();
  return { keys: new RequestKeys(kms, clock), kms, clock };
}

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);
const MINUTE = 60e6;

describe('request keys', () => {
  it('are made once for all who wait', async () => {
    const { keys: all, kms } = keys();
    const leases = await Promise.all(Array.from({ length: 9 }, () => all.lease()));
    expect(kms.calls).toEqual(['generateRequestKey']);
    expect(new Set(leases.map(({ wrappedKey }) => wrappedKey)).size).toBe(1);
    expect(kms.unwrapRequestKey(leases[0]?.wrappedKey ?? new Uint8Array())).toEqual(leases[0]?.dataKey);
  });

  it('are zeroed when they are old and nobody uses them any more', async () => {
    const { keys: all, clock } = keys();
    const [one, two] = [await all.lease(), await all.lease()];
    clock.offset = 15 * MINUTE;
    const next = await all.lease();
    expect(next.dataKey).not.toEqual(one.dataKey);
    one.release();
    one.release();
    expect(isZero(two.dataKey)).toBe(false);
    two.release();
    expect(isZero(two.dataKey)).toBe(true);
    expect(isZero(next.dataKey)).toBe(false);
    next.release();
    expect(isZero(next.dataKey)).toBe(false);
    all.retire();
    expect(isZero(next.dataKey)).toBe(true);
  });

  it('are tried again after a failure', async () => {
    const { keys: all, kms } = keys();
    kms.failure = new KmsError('unavailable', 'down');
    await expect(all.lease()).rejects.toThrow('down');
    kms.failure = undefined;
    expect((await all.lease()).dataKey).toHaveLength(32);
  });

  it('retired while one waits for them are not handed out', async () => {
    const { keys: all } = keys();
    const waiting = all.lease();
    const retiring = Promise.resolve()
      .then(() => Promise.resolve())
      .then(() => all.retire());
    const [lease] = await Promise.all([waiting, retiring]);
    expect(isZero(lease.dataKey)).toBe(false);
  });
});
