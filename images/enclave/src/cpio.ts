// SPDX-License-Identifier: Apache-2.0
import type { Entry } from '@enclave-vault/image-parts';

const FOLDER = 0o040000;
const FILE = 0o100000;

/**
 * A cpio archive of the kind that Linux unpacks as its first file system: newc, magic 070701 (Linux, Documentation/driver-api/early-userspace/buffer-format).
 * Inode numbers count up, owner 0, `time` on every entry.
 *
 * @param time seconds since the epoch
 */
export function cpio(entries: readonly Entry[], time: number): Buffer {
  const parts = entries.flatMap(({ path, mode, data }, index) => [
    header(path, {
      inode: index + 1,
      mode: mode | (data === null ? FOLDER : FILE),
      links: data === null ? 2 : 1,
      time,
      size: data?.length ?? 0,
    }),
    ...(data === null ? [] : [data, aligned(data.length)]),
  ]);
  return Buffer.concat([...parts, header('TRAILER!!!', { inode: 0, mode: 0, links: 1, time: 0, size: 0 })]);
}

interface Fields {
  inode: number;
  mode: number;
  links: number;
  time: number;
  size: number;
}

/** 110 characters, the name with its zero byte, zeroes up to a multiple of four. */
function header(name: string, { inode, mode, links, time, size }: Fields): Buffer {
  // ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
  const numbers = [inode, mode, 0, 0, links, time, size, 0, 0, 0, 0, name.length + 1, 0];
  const text = `070701${numbers.map((number) => number.toString(16).toUpperCase().padStart(8, '0')).join('')}${name}\0`;
  return Buffer.concat([Buffer.from(text, 'latin1'), aligned(text.length)]);
}

function aligned(size: number): Buffer {
  return Buffer.alloc((4 - (size % 4)) % 4);
}
