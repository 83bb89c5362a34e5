// SPDX-License-Identifier: Apache-2.0
import { EifError } from './errors.ts';

/** Bytes. The last four are the checksum. */
export const HEADER_LENGTH = 548;
export const CRC_OFFSET = 544;
export const SECTION_HEADER_LENGTH = 12;

/** The first four bytes. */
export const MAGIC = Buffer.from('.eif', 'latin1');
/** What nitro-cli and eif_build have written since metadata came in. */
const VERSION = 4;
const ARM64 = 1;
const TABLE_LENGTH = 32;

export type Architecture = 'x86_64' | 'aarch64';

/** A row of the header's table. */
export interface TableRow {
  /** Where the section's header begins in the file. */
  readonly offset: number;
  /** Of the section without its header. */
  readonly size: number;
}

export interface EifHeader {
  readonly architecture: Architecture;
  readonly defaultMemory: bigint;
  readonly defaultCpus: bigint;
  readonly table: readonly TableRow[];
  readonly crc32: number;
}

/**
 * Parses the header (SPEC.md, step 1) after its magic, which whoever reads on has seen.
 *
 * @param bytes HEADER_LENGTH of them
 * @throws EifError `version_unsupported`, `header_invalid`, `section_table_invalid`
 */
export function parseHeader(bytes: Buffer): EifHeader {
  if (bytes.readUInt16BE(4) !== VERSION) throw new EifError('version_unsupported');
  const flags = bytes.readUInt16BE(6);
  // Reserved and unused fields: whoever gives them a meaning may give the image another one.
  if ((flags & ~ARM64) !== 0 || bytes.readUInt16BE(24) !== 0 || bytes.readUInt32BE(540) !== 0) {
    throw new EifError('header_invalid');
  }
  const count = bytes.readUInt16BE(26);
  if (count < 1 || count > TABLE_LENGTH) throw new EifError('section_table_invalid');
  const rows = Array.from({ length: TABLE_LENGTH }, (_, index) => ({
    offset: length(bytes, 28 + 8 * index),
    size: length(bytes, 284 + 8 * index),
  }));
  if (rows.slice(count).some(({ offset, size }) => offset !== 0 || size !== 0)) {
    throw new EifError('section_table_invalid');
  }
  return {
    architecture: flags === ARM64 ? 'aarch64' : 'x86_64',
    defaultMemory: bytes.readBigUInt64BE(8),
    defaultCpus: bytes.readBigUInt64BE(16),
    table: rows.slice(0, count),
    crc32: bytes.readUInt32BE(CRC_OFFSET),
  };
}

const SECTION_TYPES = {
  1: 'kernel',
  2: 'command_line',
  3: 'ramdisk',
  4: 'signature',
  5: 'metadata',
} as const;

export type SectionType = (typeof SECTION_TYPES)[keyof typeof SECTION_TYPES];

/**
 * Parses the 12 bytes before a section.
 *
 * @throws EifError `section_type_unknown`, `section_flags_unknown`, `section_table_invalid`
 */
export function parseSectionHeader(bytes: Buffer): { type: SectionType; size: number } {
  const type = (SECTION_TYPES as Readonly<Record<number, SectionType>>)[bytes.readUInt16BE(0)];
  if (type === undefined) throw new EifError('section_type_unknown');
  if (bytes.readUInt16BE(2) !== 0) throw new EifError('section_flags_unknown');
  return { type, size: length(bytes, 4) };
}

function length(bytes: Buffer, offset: number): number {
  const value = bytes.readBigUInt64BE(offset);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new EifError('section_table_invalid');
  return Number(value);
}
