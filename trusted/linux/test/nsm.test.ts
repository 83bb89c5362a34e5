// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { openNsm, openNsmDevice } from '../src/nsm.ts';
import { NATIVE, openDescriptors, settledDescriptors } from './support/machine.ts';

/** The device itself, and all its answers, are tried in a machine that has one: tests/vm. */
describe.runIf(NATIVE)('the device', () => {
  test('is not there: `no_such_device`', () => {
    expect(() => openNsmDevice('/dev/no-such-nsm')).toThrow(
      expect.objectContaining({ code: 'no_such_device', syscall: 'open', errno: 'ENOENT' }),
    );
  });

  test('is another one: `not_this_device`, told on the thread that asked', async () => {
    const device = openNsm('/dev/null');
    for (let count = 0; count < 3; count++)
      await expect(device.exchange(Buffer.from('x'))).rejects.toMatchObject({
        code: 'not_this_device',
        syscall: 'ioctl',
        errno: 'ENOTTY',
      });
    await device.close();
  });

  test('is never asked more than 4096 bytes', async () => {
    const device = openNsm('/dev/null');
    await expect(device.exchange(Buffer.alloc(4097))).rejects.toMatchObject({
      code: 'message_too_large',
      syscall: 'ioctl',
      errno: 'EMSGSIZE',
    });
    await expect(device.exchange(Buffer.alloc(4096))).rejects.toMatchObject({ code: 'not_this_device' });
    await device.close();
  });

  test('is closed after what was asked, once, and then answers nothing', async () => {
    const before = openDescriptors();
    const device = openNsm('/dev/null');
    const asked = [1, 2, 3].map(() => device.exchange(Buffer.from('x')).catch((error) => error.errno));
    await device.close();
    await device.close();
    expect(await Promise.all(asked)).toEqual(['ENOTTY', 'ENOTTY', 'ENOTTY']);
    await expect(device.exchange(Buffer.from('x'))).rejects.toMatchObject({ code: 'bad_descriptor' });
    expect(await settledDescriptors(before)).toBe(before);
  });
});
