// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeVsockAddress, encodeVsockAddress } from '../src/address.ts';

test('the layout of struct sockaddr_vm', () => {
  expect(encodeVsockAddress({ cid: 3, port: 8000 }).toString('hex')).toBe('28000000401f00000300000000000000');
  expect(encodeVsockAddress({ cid: 0xffff_ffff, port: 5000 }).toString('hex')).toBe(
    '2800000088130000ffffffff00000000',
  );
});

test('what is encoded is decoded', () => {
  const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
  fc.assert(
    fc.property(fc.record({ cid: u32, port: u32 }), (address) => {
      expect(decodeVsockAddress(encodeVsockAddress(address))).toEqual(address);
    }),
  );
});

test.each([-1, 2 ** 32, 1.5, Number.NaN])('%s is neither a CID nor a port', (value) => {
  expect(() => encodeVsockAddress({ cid: value, port: 1 })).toThrow(new RangeError('no cid of vsock'));
  expect(() => encodeVsockAddress({ cid: 1, port: value })).toThrow(new RangeError('no port of vsock'));
});

test('an address of another family, or a part of one, is none', () => {
  expect(decodeVsockAddress(Buffer.alloc(16))).toBeNull();
  expect(decodeVsockAddress(encodeVsockAddress({ cid: 1, port: 1 }).subarray(0, 15))).toBeNull();
});
