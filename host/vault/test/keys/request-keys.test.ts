// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type DataKey, KmsError } from '../../src/index.ts';
import { RequestKeys } from '../../src/keys/request-keys.ts';
import { MovableClock } from '../support/fixture.ts';
import { LocalKms } from '../support/local-kms.ts';

/** Answers when it is told to, while it is held. */
class HeldKms extends LocalKms {
  held: PromiseWithResolvers<void> | undefined;
  /** What it gave, to see whether it is zeroed. */
  readonly made: Uint8Array[] = [];

  override async generateRequestKey(): Promise<DataKey> {
    const made = await super.generateRequestKey();
    this.made.push(made.key);
    await this.held?.promise;
    return made;
  }
}

function keys(): { keys: RequestKeys; kms: HeldKms; clock: MovableClock } {
  const kms = new HeldKms();
  const clock = new MovableClock();
  return { keys: new RequestKeys(kms, clock), kms, clock };
}

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);
const MINUTE = 60e6;
/** Until all that waits for nothing outside of this process is done. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('request keys', () => {
  it('are made once for all who wait', async () => {
    const { keys: all, kms } = keys();
    const leases = await Promise.all(Array.from({ length: 9 }, () => all.lease()));
    expect(kms.calls).toEqual(['generateRequestKey']);
    expect(new Set(leases.map(({ wrappedKey }) => wrappedKey)).size).toBe(1);
    expect(kms.unwrapRequestKey(leases[0]?.wrappedKey ?? new Uint8Array())).toEqual(leases[0]?.dataKey);
  });

  it('are not kept by a clock that is set back, which says nothing of how old they are', async () => {
    const { keys: all, kms, clock } = keys();
    await all.lease();
    clock.offset = -MINUTE;
    await all.lease();
    expect(kms.calls).toHaveLength(2);
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

  it('are neither kept nor handed out once they are retired, and zeroed though they come later', async () => {
    const { keys: all, kms } = keys();
    kms.held = Promise.withResolvers();
    const waiting = [all.lease(), all.lease()];
    all.retire();
    kms.held.resolve();
    for (const lease of waiting) await expect(lease).rejects.toMatchObject({ code: 'unavailable' });
    expect(kms.made.map(isZero)).toEqual([true]);
    await expect(all.lease()).rejects.toMatchObject({ code: 'unavailable' });
    expect(kms.calls).toHaveLength(1);
  });

  it('retired while the next one is on its way are not followed by it', async () => {
    const { keys: all, kms, clock } = keys();
    (await all.lease()).release();
    kms.held = Promise.withResolvers();
    clock.offset = 12 * MINUTE;
    (await all.lease()).release();
    all.retire();
    kms.held.resolve();
    await settled();
    expect(kms.made.map(isZero)).toEqual([true, true]);
  });

  it('are renewed when most of their life is over: nobody waits, the old one serves until the new one is there', async () => {
    const { keys: all, kms, clock } = keys();
    const first = await all.lease();
    clock.offset = 11.9 * MINUTE;
    (await all.lease()).release();
    expect(kms.calls).toHaveLength(1);

    kms.held = Promise.withResolvers();
    clock.offset = 12 * MINUTE;
    const meanwhile = await Promise.all(Array.from({ length: 9 }, () => all.lease()));
    expect(kms.calls).toHaveLength(2);
    expect(new Set(meanwhile.map(({ dataKey }) => dataKey))).toEqual(new Set([first.dataKey]));

    kms.held.resolve();
    await settled();
    const next = await all.lease();
    expect(next.dataKey).toBe(kms.made[1]);
    expect(kms.calls).toHaveLength(2);
    for (const lease of meanwhile) lease.release();
    expect(isZero(first.dataKey)).toBe(false);
    first.release();
    expect(isZero(first.dataKey)).toBe(true);
    expect(isZero(next.dataKey)).toBe(false);
  });

  it('that expire before the new one is there are waited for, and asked for no second time', async () => {
    const { keys: all, kms, clock } = keys();
    const first = await all.lease();
    kms.held = Promise.withResolvers();
    clock.offset = 12 * MINUTE;
    (await all.lease()).release();
    clock.offset = 15 * MINUTE;
    const waiting = Promise.all([all.lease(), all.lease()]);
    kms.held.resolve();
    for (const { dataKey } of await waiting) expect(dataKey).toBe(kms.made[1]);
    expect(kms.calls).toHaveLength(2);
    first.release();
    expect(isZero(first.dataKey)).toBe(true);
  });

  it('that cannot be renewed yet go on to serve; KMS is asked again every ten seconds, and not at every request', async () => {
    const { keys: all, kms, clock } = keys();
    const first = await all.lease();
    const lease = async (): Promise<number> => {
      const { dataKey, release } = await all.lease();
      expect(dataKey).toBe(first.dataKey);
      release();
      await settled();
      return kms.calls.length;
    };
    kms.failure = new KmsError('unavailable', 'down');
    clock.offset = 12 * MINUTE;
    expect([await lease(), await lease(), await lease()]).toEqual([2, 2, 2]);
    clock.offset = 12 * MINUTE + 10e6;
    expect([await lease(), await lease()]).toEqual([3, 3]);
    // Beyond its life it does not serve, and whoever asks hears why.
    clock.offset = 15 * MINUTE;
    await expect(all.lease()).rejects.toThrow('down');
    kms.failure = undefined;
    expect((await all.lease()).dataKey).toBe(kms.made[1]);
  });
});
