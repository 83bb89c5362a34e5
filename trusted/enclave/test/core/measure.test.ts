// SPDX-License-Identifier: Apache-2.0
import { configurationDigest, pcr16 } from '@enclave-vault/protocol';
import { describe, expect, test } from 'vitest';
import { measureConfiguration } from '../../src/core/measure.ts';
import { NsmError } from '../../src/errors.ts';
import type { Nsm, Pcr } from '../../src/ports.ts';

const BYTES = Buffer.from('a configuration');
const EMPTY: Pcr = { locked: false, value: Buffer.alloc(48) };
const MEASURED: Pcr = { locked: true, value: pcr16(BYTES) };

/** A module whose register is what it is said to be, before and after; notes what is done to it. */
function module(before: Pcr, after: Pcr) {
  const done: unknown[] = [];
  let locked = false;
  const none = (): never => {
    throw new Error('not asked for');
  };
  const nsm: Nsm = {
    describePcr: async (index) => {
      done.push(['describe', index]);
      return locked ? after : before;
    },
    extendPcr: async (index, data) => void done.push(['extend', index, Buffer.from(data)]),
    lockPcr: async (index) => {
      done.push(['lock', index]);
      locked = true;
    },
    attest: none,
  };
  return { nsm, done };
}

test('a configuration is measured into register 16, which is locked and looked at', async () => {
  const { nsm, done } = module(EMPTY, MEASURED);
  await measureConfiguration(nsm, BYTES);
  expect(done).toEqual([
    ['describe', 16],
    ['extend', 16, configurationDigest(BYTES)],
    ['lock', 16],
    ['describe', 16],
  ]);
});

describe('nothing is measured into a register', () => {
  test.each<[string, Pcr]>([
    ['that is locked', { ...EMPTY, locked: true }],
    ['that holds something', { ...EMPTY, value: Buffer.alloc(48, 1) }],
    ['that holds this configuration already', MEASURED],
    ['of another length', { ...EMPTY, value: Buffer.alloc(32) }],
  ])('%s: pcr_in_use', async (_, before) => {
    const { nsm, done } = module(before, MEASURED);
    await expect(measureConfiguration(nsm, BYTES)).rejects.toEqual(new NsmError('pcr_in_use'));
    expect(done).toEqual([['describe', 16]]);
  });
});

describe('a register is not what KMS is to see', () => {
  test.each<[string, Pcr]>([
    ['where it is not locked', { ...MEASURED, locked: false }],
    ['where it holds another configuration', { ...MEASURED, value: pcr16(Buffer.from('another')) }],
    ['where it holds nothing', { ...EMPTY, locked: true }],
  ])('%s: pcr_mismatch', async (_, after) => {
    const { nsm } = module(EMPTY, after);
    await expect(measureConfiguration(nsm, BYTES)).rejects.toEqual(new NsmError('pcr_mismatch'));
  });
});
