// SPDX-License-Identifier: Apache-2.0
import { LinuxError } from '@enclave-vault/linux';
import { decodeVsockAddress, encodeVsockAddress } from '../../../trusted/linux/src/address.ts';
import { errnoError } from '../../../trusted/linux/src/errors.ts';
import { holds, refusesNothing, sameBytes, type Target } from '../target.ts';

export const linux: readonly Target[] = [
  {
    name: 'linux: decodeVsockAddress',
    covers: ['trusted/linux/src/address.ts#decodeVsockAddress'],
    seeds: () => [
      encodeVsockAddress({ cid: 3, port: 5000 }),
      encodeVsockAddress({ cid: 2 ** 32 - 1, port: 0 }),
    ],
    maxLength: 32,
    refuses: refusesNothing,
    run: (input) => {
      const address = decodeVsockAddress(input);
      if (address === null) return;
      // Reserved, flags and padding are the kernel's; family, port and context id are what an address is.
      const again = encodeVsockAddress(address);
      sameBytes(again.subarray(0, 2), input.subarray(0, 2), 'the family is vsock');
      sameBytes(again.subarray(4, 12), input.subarray(4, 12), 'port and context id are written the same');
    },
  },
  {
    name: 'linux: errnoError',
    covers: ['trusted/linux/src/errors.ts#errnoError'],
    seeds: () => [1, 22, 110, 65_535].map((errno) => Buffer.of(errno & 0xff, errno >> 8)),
    maxLength: 4,
    refuses: refusesNothing,
    run: (input) => {
      const error = errnoError('ioctl', input.length < 2 ? 0 : input.readUInt16LE(0));
      holds(error instanceof LinuxError && error.errno.length > 0, 'each errno has a name');
    },
  },
];
