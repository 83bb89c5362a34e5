// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';

/** A process and all that came of it, as /proc has them. */
export function family(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^[0-9]+$/.test(name)) continue;
    // "pid (name) state ppid …", and the name may hold anything.
    const stat = readProc(Number(name), 'stat')?.toString('latin1') ?? '';
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const found = [pid];
  for (const one of found)
    found.push(...[...parents].filter(([, parent]) => parent === one).map(([child]) => child));
  return found;
}

/** A file of a process; undefined when it is gone, or the kernel keeps it from us. */
export function readProc(
  pid: number,
  name: 'cmdline' | 'environ' | 'comm' | 'limits' | 'stat',
): Buffer | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`);
  } catch {
    return undefined;
  }
}

const CHUNK = 32 * 1024 * 1024;

/**
 * Reads the memory that a process can write to, a piece at a time with some overlap.
 * @returns false when the kernel does not let us
 */
export function scanMemory(pid: number, look: (bytes: Buffer) => void, overlap = 256): boolean {
  const buffer = Buffer.alloc(CHUNK);
  let file: number;
  let maps: string;
  try {
    maps = readFileSync(`/proc/${pid}/maps`, 'latin1');
    file = openSync(`/proc/${pid}/mem`, 'r');
  } catch {
    return false;
  }
  let read = 0;
  try {
    for (const [, from = '', to = ''] of maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw/gm)) {
      const end = BigInt(`0x${to}`);
      for (let at = BigInt(`0x${from}`); at < end; at += BigInt(CHUNK - overlap)) {
        const size = readPiece(file, buffer, at, end);
        read += size;
        look(buffer.subarray(0, size));
      }
    }
  } finally {
    closeSync(file);
  }
  return read > 0;
}

function readPiece(file: number, buffer: Buffer, at: bigint, end: bigint): number {
  const wanted = Number(end - at < BigInt(buffer.length) ? end - at : BigInt(buffer.length));
  try {
    return readSync(file, buffer, 0, wanted, at);
  } catch {
    // Guard pages, and mappings that were given back meanwhile.
    return 0;
  }
}

/** TCP ports on which a process listens, in order. Empty where the kernel keeps its descriptors from us. */
export function listeningPorts(pid: number): number[] {
  try {
    const sockets = new Set(
      readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
        try {
          return [/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]];
        } catch {
          return []; // closed meanwhile
        }
      }),
    );
    return ['tcp', 'tcp6']
      .flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, 'latin1').split('\n').slice(1))
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === '0A' && sockets.has(inode))
      .map(([, address = '']) => Number.parseInt(address.slice(address.lastIndexOf(':') + 1), 16))
      .sort((a, b) => a - b);
  } catch {
    return [];
  }
}
