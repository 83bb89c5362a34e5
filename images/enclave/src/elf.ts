// SPDX-License-Identifier: Apache-2.0
import { ImageError } from '@enclave-vault/image-parts';

/** What a program or shared library asks of its surroundings. */
export interface ElfFile {
  readonly machine: number;
  /** Path of the loader that a program names; null in libraries. */
  readonly interpreter: string | null;
  /** Its own name as a library. */
  readonly soname: string | null;
  /** Names of the libraries it is linked with. */
  readonly needed: readonly string[];
}

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NEEDED = 1n;
const DT_STRTAB = 5n;
const DT_SONAME = 14n;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: bigint;
  readonly size: number;
}

/**
 * Reads the program headers and the dynamic section of a 64-bit little-endian ELF file (System V ABI, chapters 4 and 5).
 *
 * @throws ImageError `input_malformed`
 */
export function readElf(file: Buffer): ElfFile {
  try {
    if (file.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') throw new RangeError('not ELF64 LSB');
    const segments = readSegments(file);
    const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
    const tags = dynamic === undefined ? [] : readTags(file, dynamic);
    const strings = tags.find(([tag]) => tag === DT_STRTAB)?.[1];
    const named = (wanted: bigint): string[] =>
      tags
        .filter(([tag]) => tag === wanted)
        .map(([, value]) => stringAt(file, offsetOf(segments, (strings ?? 0n) + value)));
    const interpreter = segments.find(({ type }) => type === PT_INTERP);
    return {
      machine: file.readUInt16LE(18),
      interpreter: interpreter === undefined ? null : stringAt(file, interpreter.offset),
      soname: named(DT_SONAME)[0] ?? null,
      needed: named(DT_NEEDED),
    };
  } catch (cause) {
    throw new ImageError('input_malformed', 'a program or library is no ELF file that can be read', {
      cause,
    });
  }
}

function readSegments(file: Buffer): Segment[] {
  const table = Number(file.readBigUInt64LE(32));
  const entrySize = file.readUInt16LE(54);
  return Array.from({ length: file.readUInt16LE(56) }, (_, index) => {
    const at = table + index * entrySize;
    return {
      type: file.readUInt32LE(at),
      offset: Number(file.readBigUInt64LE(at + 8)),
      address: file.readBigUInt64LE(at + 16),
      size: Number(file.readBigUInt64LE(at + 32)),
    };
  });
}

function readTags(file: Buffer, { offset, size }: Segment): (readonly [tag: bigint, value: bigint])[] {
  const tags = Array.from({ length: Math.floor(size / 16) }, (_, index) => {
    const at = offset + 16 * index;
    return [file.readBigInt64LE(at), file.readBigUInt64LE(at + 8)] as const;
  });
  const end = tags.findIndex(([tag]) => tag === 0n);
  return end === -1 ? tags : tags.slice(0, end);
}

/** Where the bytes of an address are in the file. */
function offsetOf(segments: readonly Segment[], address: bigint): number {
  const found = segments.find(
    (segment) =>
      segment.type === PT_LOAD &&
      address >= segment.address &&
      address < segment.address + BigInt(segment.size),
  );
  if (found === undefined) throw new RangeError('address outside the file');
  return found.offset + Number(address - found.address);
}

function stringAt(file: Buffer, offset: number): string {
  const end = file.indexOf(0, offset);
  if (end === -1) throw new RangeError('string without an end');
  return file.toString('latin1', offset, end);
}
