// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { ByteStream, type Bytes } from './byte-stream.ts';
import { EifError } from './errors.ts';
import {
  type Architecture,
  CRC_OFFSET,
  type EifHeader,
  HEADER_LENGTH,
  MAGIC,
  parseHeader,
  parseSectionHeader,
  SECTION_HEADER_LENGTH,
  type SectionType,
} from './header.ts';
import { extended } from './registers.ts';
import { type ImageSignature, MAX_SIGNATURE_SECTION, verifySignatureSection } from './signature.ts';
import { parseCommandLine, parseMetadata } from './texts.ts';

/** Bytes. Sections that are kept in memory; kernel and ramdisks are hashed as they pass. */
const MAX_KEPT: Readonly<Partial<Record<SectionType, number>>> = {
  command_line: 16 * 1024,
  metadata: 1024 * 1024,
  signature: MAX_SIGNATURE_SECTION,
};

/** An enclave image file as read, whole and unharmed. */
export interface Eif {
  readonly architecture: Architecture;
  /** Bytes and number that the image asks for unless run-enclave says otherwise. */
  readonly defaultMemory: bigint;
  readonly defaultCpus: bigint;
  /** In the order of the file; sizes in bytes, without the sections' headers. */
  readonly sections: readonly { readonly type: SectionType; readonly size: number }[];
  readonly commandLine: string;
  /** What its builder wrote about it; not measured. */
  readonly metadata: Readonly<Record<string, unknown>> | null;
  /** Registers 0, 1, 2 and, of a signed image, 8. */
  readonly pcrs: ReadonlyMap<number, Buffer>;
  readonly signature: ImageSignature | null;
}

/**
 * Reads an enclave image file, checks all there is to check (SPEC.md) and measures it as Nitro does. The bytes are read once and not
 * kept, whatever their number.
 *
 * @throws EifError for the first damage found
 */
export async function readEif(bytes: Bytes): Promise<Eif> {
  const stream = new ByteStream(bytes);
  try {
    const magic = await stream.take(MAGIC.length);
    // Before more is asked for: a short file of another kind was not cut short.
    if (!magic.equals(MAGIC)) throw new EifError('not_an_eif');
    const start = await stream.take(CRC_OFFSET - MAGIC.length);
    const crc = await stream.take(HEADER_LENGTH - CRC_OFFSET, { summed: false });
    const header = parseHeader(Buffer.concat([magic, start, crc]));
    const walk = new Walk();
    for (const row of header.table) await walk.section(stream, row);
    if (!(await stream.atEnd())) throw new EifError('trailing_bytes');
    if (stream.crc !== header.crc32) throw new EifError('crc_mismatch');
    return walk.finish(header);
  } finally {
    await stream.close();
  }
}

class Walk {
  readonly #sections: { type: SectionType; size: number }[] = [];
  readonly #kept = new Map<SectionType, Buffer>();
  readonly #image = createHash('sha384');
  readonly #boot = createHash('sha384');
  readonly #application = createHash('sha384');

  async section(stream: ByteStream, row: EifHeader['table'][number]): Promise<void> {
    const { position } = stream;
    const { type, size } = parseSectionHeader(await stream.take(SECTION_HEADER_LENGTH));
    this.#checkOrder(type);
    // AWS's reader walks, its loader reads the table: they must not see two images.
    if (row.offset !== position || row.size !== size) throw new EifError('section_table_mismatch');
    const limit = MAX_KEPT[type];
    if (limit === undefined) {
      const hashes = this.#hashesOf(type);
      await stream.pass(size, (piece) => {
        for (const hash of hashes) hash.update(piece);
      });
    } else {
      if (size > limit) throw new EifError('section_too_large');
      const content = await stream.take(size);
      for (const hash of this.#hashesOf(type)) hash.update(content);
      this.#kept.set(type, content);
    }
    this.#sections.push({ type, size });
  }

  finish(header: EifHeader): Eif {
    const commandLine = this.#kept.get('command_line');
    if (commandLine === undefined || !this.#has('ramdisk')) throw new EifError('section_missing');
    const pcr0 = extended(this.#image.digest());
    const section = this.#kept.get('signature');
    const metadata = this.#kept.get('metadata');
    const signature = section === undefined ? null : verifySignatureSection(section, pcr0);
    return {
      architecture: header.architecture,
      defaultMemory: header.defaultMemory,
      defaultCpus: header.defaultCpus,
      sections: this.#sections,
      commandLine: parseCommandLine(commandLine),
      metadata: metadata === undefined ? null : parseMetadata(metadata),
      pcrs: new Map([
        [0, pcr0],
        [1, extended(this.#boot.digest())],
        [2, extended(this.#application.digest())],
        ...(signature === null ? [] : [[8, signature.pcr8] as const]),
      ]),
      signature,
    };
  }

  /** The kernel first, then its command line: what is hashed after one another must have one order only. */
  #checkOrder(type: SectionType): void {
    const index = this.#sections.length;
    if ((type === 'kernel') !== (index === 0) || (type === 'command_line') !== (index === 1)) {
      throw new EifError(this.#has(type) ? 'section_repeated' : 'section_order');
    }
    if (type !== 'ramdisk' && this.#has(type)) throw new EifError('section_repeated');
  }

  #has(type: SectionType): boolean {
    return this.#sections.some((section) => section.type === type);
  }

  #hashesOf(type: SectionType) {
    if (type === 'kernel' || type === 'command_line') return [this.#image, this.#boot];
    if (type !== 'ramdisk') return [];
    return [this.#image, this.#has('ramdisk') ? this.#application : this.#boot];
  }
}
