// SPDX-License-Identifier: Apache-2.0

/**
 * What a system call's errno means to a caller. `not_supported`: the kernel has no such thing (AF_VSOCK without its
 * module), or this machine has no libc that koffi reaches. `failed`: anything not listed.
 */
export type LinuxErrorCode =
  | 'address_in_use'
  | 'address_not_available'
  | 'bad_descriptor'
  | 'connection_refused'
  | 'device_failed'
  | 'failed'
  | 'interrupted'
  | 'invalid'
  | 'message_too_large'
  | 'no_such_device'
  | 'not_permitted'
  | 'not_supported'
  | 'not_this_device'
  | 'out_of_resources'
  | 'timed_out'
  | 'unreachable';

/** Names and numbers as in Linux's asm-generic/errno.h, the same on x86-64 and arm64. */
const ERRNOS: Readonly<Record<number, readonly [name: string, code: LinuxErrorCode]>> = {
  1: ['EPERM', 'not_permitted'],
  2: ['ENOENT', 'no_such_device'],
  4: ['EINTR', 'interrupted'],
  5: ['EIO', 'device_failed'],
  6: ['ENXIO', 'no_such_device'],
  9: ['EBADF', 'bad_descriptor'],
  11: ['EAGAIN', 'out_of_resources'],
  12: ['ENOMEM', 'out_of_resources'],
  13: ['EACCES', 'not_permitted'],
  14: ['EFAULT', 'invalid'],
  16: ['EBUSY', 'device_failed'],
  19: ['ENODEV', 'no_such_device'],
  20: ['ENOTDIR', 'no_such_device'],
  22: ['EINVAL', 'invalid'],
  23: ['ENFILE', 'out_of_resources'],
  24: ['EMFILE', 'out_of_resources'],
  25: ['ENOTTY', 'not_this_device'],
  32: ['EPIPE', 'connection_refused'],
  38: ['ENOSYS', 'not_supported'],
  88: ['ENOTSOCK', 'bad_descriptor'],
  90: ['EMSGSIZE', 'message_too_large'],
  93: ['EPROTONOSUPPORT', 'not_supported'],
  94: ['ESOCKTNOSUPPORT', 'not_supported'],
  95: ['EOPNOTSUPP', 'not_supported'],
  97: ['EAFNOSUPPORT', 'not_supported'],
  98: ['EADDRINUSE', 'address_in_use'],
  99: ['EADDRNOTAVAIL', 'address_not_available'],
  101: ['ENETUNREACH', 'unreachable'],
  // What vsock says where nobody listens: the other side answers a connection request with a reset.
  104: ['ECONNRESET', 'connection_refused'],
  105: ['ENOBUFS', 'out_of_resources'],
  107: ['ENOTCONN', 'bad_descriptor'],
  110: ['ETIMEDOUT', 'timed_out'],
  111: ['ECONNREFUSED', 'connection_refused'],
  113: ['EHOSTUNREACH', 'unreachable'],
  115: ['EINPROGRESS', 'interrupted'],
};

/** A system call that failed. Neither code nor message has anything of what was passed to it. */
export class LinuxError extends Error {
  override readonly name = 'LinuxError';
  readonly code: LinuxErrorCode;
  readonly syscall: string;
  /** `EPERM` and the like; `errno 123` for one that is not listed; empty where no call was made. */
  readonly errno: string;

  constructor(code: LinuxErrorCode, syscall: string, errno = '') {
    super(errno === '' ? `${syscall}: ${code}` : `${syscall}: ${code} (${errno})`);
    this.code = code;
    this.syscall = syscall;
    this.errno = errno;
  }
}

/** @param errno as libc left it after a call that failed */
export function errnoError(syscall: string, errno: number): LinuxError {
  const [name, code] = ERRNOS[errno] ?? [`errno ${errno}`, 'failed'];
  return new LinuxError(code, syscall, name);
}
