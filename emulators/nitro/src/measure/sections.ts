// SPDX-License-Identifier: Apache-2.0
import { createHash, type Hash } from 'node:crypto';

/** Section types as in an enclave image file (EIF); `bundle` is the second ramdisk there. */
export const SECTION = { node: 1, commandLine: 2, libraries: 3, bundle: 4 } as const;
export type SectionName = keyof typeof SECTION;

/**
 * The 12 bytes before a section, as in an EIF: u16 type, u16 flags, u64 size, big-endian. They are hashed with
 * the section, so that no byte can move from the end of one section to the beginning of the next unseen.
 */
export function sectionHeader(name: SectionName, size: number): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(SECTION[name], 0);
  header.writeBigUInt64BE(BigInt(size), 4);
  return header;
}

/** A program's flags as the command-line section: each followed by a zero byte. */
export function commandLineSection(flags: readonly string[]): Buffer {
  return Buffer.from(flags.map((flag) => `${flag}\0`).join(''), 'utf8');
}

/** Before each library in its section: u32 length of the path, the path, u64 size, big-endian. */
export function libraryHeader(path: string, size: number): Buffer {
  const name = Buffer.from(path, 'utf8');
  const head = Buffer.alloc(4 + name.length + 8);
  head.writeUInt32BE(name.length, 0);
  name.copy(head, 4);
  head.writeBigUInt64BE(BigInt(size), 4 + name.length);
  return head;
}

/** Digests from which the registers follow: of the whole image, of the runtime before the bundle, of the bundle. */
export interface ImageDigests {
  image: Buffer;
  runtime: Buffer;
  bundle: Buffer;
}

/** The hash over node binary, command line and libraries, which PCR0 and PCR1 have in common. */
export class RuntimeHash {
  readonly #hash: Hash;

  constructor(hash: Hash = createHash('sha384')) {
    this.#hash = hash;
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  copy(): RuntimeHash {
    return new RuntimeHash(this.#hash.copy());
  }

  /** Ends with the bundle. The hash itself can go on: it is copied. */
  withBundle(bundle: Uint8Array): ImageDigests {
    const header = sectionHeader('bundle', bundle.length);
    return {
      image: this.#hash.copy().update(header).update(bundle).digest(),
      runtime: this.#hash.copy().digest(),
      bundle: createHash('sha384').update(header).update(bundle).digest(),
    };
  }
}
