// SPDX-License-Identifier: Apache-2.0

export interface ElfParts {
  readonly machine?: number;
  readonly needed?: readonly string[];
  readonly soname?: string;
  readonly interpreter?: string;
}

/** A 64-bit ELF file with a dynamic section and nothing to run, loaded at an address that is not its offset. */
export function writeElf({ machine = 62, needed = [], soname, interpreter }: ElfParts): Buffer {
  const base = 0x40_0000n;
  const names = [...needed, ...(soname === undefined ? [] : [soname])];
  const strings = Buffer.from(`\0${names.map((name) => `${name}\0`).join('')}`);
  const offset = (name: string): bigint => BigInt(strings.indexOf(`${name}\0`, 1));
  const interp = Buffer.from(`${interpreter ?? ''}\0`);
  const headers = 64 + 3 * 56;
  const dynamicAt = headers + strings.length + interp.length;
  const tags: (readonly [bigint, bigint])[] = [
    ...needed.map((name) => [1n, offset(name)] as const),
    ...(soname === undefined ? [] : [[14n, offset(soname)] as const]),
    [5n, base + BigInt(headers)],
    [0n, 0n],
    // Beyond the end: not to be read.
    [1n, 0n],
  ];
  const file = Buffer.alloc(dynamicAt + 16 * tags.length);
  file.write('\x7fELF\x02\x01\x01', 'latin1');
  file.writeUInt16LE(machine, 18);
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(interpreter === undefined ? 2 : 3, 56);
  const segment = (index: number, type: number, at: number, size: number): void => {
    const head = 64 + 56 * index;
    file.writeUInt32LE(type, head);
    file.writeBigUInt64LE(BigInt(at), head + 8);
    file.writeBigUInt64LE(base + BigInt(at), head + 16);
    file.writeBigUInt64LE(BigInt(size), head + 32);
  };
  segment(0, 1, 0, file.length);
  segment(1, 2, dynamicAt, 16 * tags.length);
  segment(2, 3, headers + strings.length, interp.length);
  strings.copy(file, headers);
  interp.copy(file, headers + strings.length);
  for (const [index, [tag, value]] of tags.entries()) {
    file.writeBigInt64LE(tag, dynamicAt + 16 * index);
    file.writeBigUInt64LE(value, dynamicAt + 16 * index + 8);
  }
  return file;
}
