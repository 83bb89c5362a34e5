// SPDX-License-Identifier: Apache-2.0
import { errnoError } from './errors.ts';
import { type Koffi, koffi, type NativeFunction, type NativeValue } from './koffi.ts';

/**
 * The functions of libc that are called, and no others. ioctl, fcntl and prctl are variadic in C; with whole-number arguments the two ABIs
 * (System V AMD64, AAPCS64) pass them like any others, and koffi calls variadic functions on the caller's thread only.
 */
const PROTOTYPES = {
  bind: 'int bind(int fd, void *address, uint32_t length)',
  close: 'int close(int fd)',
  connect: 'int connect(int fd, void *address, uint32_t length)',
  dup3: 'int dup3(int from, int to, int flags)',
  getpeername: 'int getpeername(int fd, void *address, void *length)',
  getsockname: 'int getsockname(int fd, void *address, void *length)',
  getsockopt: 'int getsockopt(int fd, int level, int option, void *value, void *length)',
  ioctl: 'int ioctl(int fd, unsigned long request, void *argument)',
  listen: 'int listen(int fd, int backlog)',
  open: 'int open(const char *path, int flags)',
  prctl: 'int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)',
  setrlimit: 'int setrlimit(int resource, void *limit)',
  socket: 'int socket(int domain, int type, int protocol)',
  socketpair: 'int socketpair(int domain, int type, int protocol, void *pair)',
} as const;

export type LibcFunction = keyof typeof PROTOTYPES;

const EINTR = 4;
const linked = new Map<LibcFunction, NativeFunction>();
let libc: ReturnType<Koffi['load']> | null = null;

function link(name: LibcFunction): NativeFunction {
  const known = linked.get(name);
  if (known !== undefined) return known;
  // Node is linked with libc, so libc is found without a file name.
  libc ??= koffi().load(null);
  const made = libc.func(PROTOTYPES[name]);
  linked.set(name, made);
  return made;
}

/**
 * Calls libc on this thread. A call that a signal interrupts is made again, but for close(), which is done by then (close(2), "NOTES"),
 * and connect(), which goes on in the background.
 * @returns the call's result
 * @throws LinuxError
 */
export function call(name: LibcFunction, ...values: NativeValue[]): number {
  const made = link(name);
  for (;;) {
    const result = made(...values);
    if (result >= 0) return result;
    const errno = koffi().errno();
    if (errno !== EINTR || name === 'close' || name === 'connect') throw errnoError(name, errno);
  }
}

/**
 * Calls libc on a thread of libuv's pool, again when a signal interrupts it. The bytes whose addresses are passed on must be kept by the caller
 * until it settles.
 * @throws LinuxError
 */
export function callAside(name: LibcFunction, ...values: NativeValue[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const attempt = (): void =>
      link(name).async(...values, (error, result) => {
        const errno = koffi().errno();
        if (error !== null) reject(error);
        else if (result >= 0) resolve(result);
        else if (errno === EINTR) attempt();
        else reject(errnoError(name, errno));
      });
    attempt();
  });
}

/** Closes a descriptor whose end nobody can do anything about. */
export function closeQuietly(fd: number): void {
  link('close')(fd);
}
