// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { Tampered } from '../../src/tampered.ts';
import { settled } from '../../src/util/settled.ts';

const mismatch = (): never => {
  throw new Tampered('record_state', 'v_x');
};

it('a mismatch that stays is tampering after four looks', async () => {
  for (const revision of [undefined, 7]) {
    let looks = 0;
    const looking = settled(async (saw) => {
      looks += 1;
      if (revision !== undefined) saw(revision);
      mismatch();
    });
    await expect(looking).rejects.toBeInstanceOf(Tampered);
    expect(looks).toBe(4);
  }
});

it('looks that each fall into another write are counted anew', async () => {
  let looks = 0;
  const found = await settled(async (saw) => {
    looks += 1;
    saw(looks);
    return looks < 12 ? mismatch() : 'whole';
  });
  expect(found).toBe('whole');
});

it('a mismatch under writes that never end is a reason to come again, and no tampering', async () => {
  let looks = 0;
  const looking = settled(async (saw) => {
    looks += 1;
    saw(looks);
    mismatch();
  });
  await expect(looking).rejects.toMatchObject({ name: 'VaultError', code: 'audit_busy' });
});

it('a mismatch that stays after the writes have ended is tampering', async () => {
  let looks = 0;
  const looking = settled(async (saw) => {
    looks += 1;
    saw(Math.min(looks, 5));
    mismatch();
  });
  await expect(looking).rejects.toBeInstanceOf(Tampered);
  expect(looks).toBe(8);
});

it('another error is not looked at twice', async () => {
  let looks = 0;
  const looking = settled(async () => {
    looks += 1;
    throw new RangeError('other');
  });
  await expect(looking).rejects.toBeInstanceOf(RangeError);
  expect(looks).toBe(1);
});
