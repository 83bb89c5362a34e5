// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { errnoError, LinuxError } from '../src/errors.ts';

const { errno } = constants;

describe('an errno is named and has a stable code', () => {
  test.each([
    ['EPERM', 'not_permitted'],
    ['EACCES', 'not_permitted'],
    ['ENOENT', 'no_such_device'],
    ['ENXIO', 'no_such_device'],
    ['ENODEV', 'no_such_device'],
    ['ENOTTY', 'not_this_device'],
    ['EIO', 'device_failed'],
    ['EBUSY', 'device_failed'],
    ['EINTR', 'interrupted'],
    ['EINPROGRESS', 'interrupted'],
    ['EINVAL', 'invalid'],
    ['EFAULT', 'invalid'],
    ['EBADF', 'bad_descriptor'],
    ['ENOTSOCK', 'bad_descriptor'],
    ['EMFILE', 'out_of_resources'],
    ['ENOMEM', 'out_of_resources'],
    ['EMSGSIZE', 'message_too_large'],
    ['EAFNOSUPPORT', 'not_supported'],
    ['ENOSYS', 'not_supported'],
    ['EADDRINUSE', 'address_in_use'],
    ['EADDRNOTAVAIL', 'address_not_available'],
    ['ECONNREFUSED', 'connection_refused'],
    ['ECONNRESET', 'connection_refused'],
    ['ETIMEDOUT', 'timed_out'],
    ['EHOSTUNREACH', 'unreachable'],
    ['ENETUNREACH', 'unreachable'],
    ['EAGAIN', 'out_of_resources'],
    ['ENFILE', 'out_of_resources'],
    ['ENOBUFS', 'out_of_resources'],
    ['ENOTDIR', 'no_such_device'],
    ['EPIPE', 'connection_refused'],
    ['ENOTCONN', 'bad_descriptor'],
    ['EPROTONOSUPPORT', 'not_supported'],
    ['EOPNOTSUPP', 'not_supported'],
  ] as const)('%s: %s', (name, code) => {
    const error = errnoError('connect', errno[name]);
    expect(error).toBeInstanceOf(LinuxError);
    expect(error).toMatchObject({ code, errno: name, syscall: 'connect' });
  });

  test.runIf(process.platform === 'linux')('every number of the table is the one of this machine', () => {
    for (let number = 1; number < 134; number++) {
      const { errno: name } = errnoError('x', number);
      if (name in errno) expect([name, errno[name as keyof typeof errno]]).toEqual([name, number]);
    }
  });

  test('so is one that Node does not know', () => {
    expect(errnoError('socket', 94)).toMatchObject({ code: 'not_supported', errno: 'ESOCKTNOSUPPORT' });
  });

  test('a failure says its call, its code and its errno, where there was a call', () => {
    expect(String(new LinuxError('timed_out', 'connect', 'ETIMEDOUT'))).toBe(
      'LinuxError: connect: timed_out (ETIMEDOUT)',
    );
    const none = new LinuxError('not_supported', 'koffi');
    expect([String(none), none.errno]).toEqual(['LinuxError: koffi: not_supported', '']);
  });

  test('one that is not listed is `failed`, and keeps its number', () => {
    expect(errnoError('ioctl', 133)).toMatchObject({ code: 'failed', errno: 'errno 133' });
    expect(errnoError('ioctl', 133).message).toBe('ioctl: failed (errno 133)');
  });
});
