// SPDX-License-Identifier: Apache-2.0
/** What a program that holds secrets does to itself before it does anything else. */
import { LinuxError } from './errors.ts';
import { call, closeQuietly } from './libc.ts';

const PR_SET_DUMPABLE = 4;
const PR_GET_DUMPABLE = 3;
const RLIMIT_CORE = 4;
const O_WRONLY_CLOEXEC = 0o2000001;
/** _IOW('R', 0x03, int[2]), random(4) */
const RNDADDENTROPY = 0x4008_5203;

/**
 * No core dumps, and nobody of the same user reads this process's memory: the files of /proc/PID belong to root, and ptrace is refused (prctl(2),
 * PR_SET_DUMPABLE). A change of user undoes the second half, so it is called after that too.
 * @throws LinuxError
 */
export function forbidDumps(): void {
  // struct rlimit: soft and hard limit, both 0.
  call('setrlimit', RLIMIT_CORE, Buffer.alloc(16));
  call('prctl', PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (call('prctl', PR_GET_DUMPABLE, 0, 0, 0, 0) !== 0) throw new LinuxError('failed', 'prctl');
}

/**
 * Adds bytes of a true source to the kernel's random numbers, and has it count them in full. For root.
 * @param bytes at most 4096; zeroed
 * @throws LinuxError
 */
export function seedEntropy(bytes: Buffer, path = '/dev/random'): void {
  // struct rand_pool_info: bits to count, bytes that follow.
  const info = Buffer.alloc(8 + bytes.length);
  info.writeInt32LE(bytes.length * 8, 0);
  info.writeInt32LE(bytes.length, 4);
  bytes.copy(info, 8);
  const fd = call('open', path, O_WRONLY_CLOEXEC);
  try {
    call('ioctl', fd, RNDADDENTROPY, info);
  } finally {
    closeQuietly(fd);
    info.fill(0);
    bytes.fill(0);
  }
}

/**
 * Becomes an unprivileged user for good, on all threads: libc does that for its set*id functions, which Node calls. A program that was started as somebody
 * else than root stays who it is.
 * @param id of the user and of the group; neither needs a name
 * @throws LinuxError `not_permitted` when it did not work, or when it is not root and in groups that it cannot leave
 */
export function dropPrivileges(id: number): void {
  const { getuid, geteuid, getgid, getegid, getgroups, setgroups, setgid, setuid } = process;
  if (!getuid || !geteuid || !getgid || !getegid || !getgroups || !setgroups || !setgid || !setuid)
    throw new LinuxError('not_supported', 'setuid');
  const root = getuid() === 0 || geteuid() === 0;
  try {
    if (root) {
      // Groups first: after the user is changed nobody may change them.
      setgroups([]);
      setgid(id);
      setuid(id);
    }
  } catch {
    throw new LinuxError('not_permitted', 'setuid');
  }
  const ids = [getuid(), geteuid(), getgid(), getegid()];
  // getgroups() of Node adds the group one is in.
  if (ids.includes(0) || getgroups().some((group) => group !== getegid()))
    throw new LinuxError('not_permitted', 'setuid');
}
