// SPDX-License-Identifier: Apache-2.0
import { crc32 } from 'node:zlib';
import { EifError } from './errors.ts';

/** A file's bytes from its beginning, in pieces of any length: a read stream is one. */
export type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Hands out the bytes of a stream in order, once, and sums them up. Holds one piece at a time. */
export class ByteStream {
  readonly #pieces: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  #piece: Buffer = Buffer.alloc(0);
  #crc = 0;
  /** Bytes handed out so far. */
  position = 0;

  constructor(bytes: Bytes) {
    this.#pieces = Symbol.asyncIterator in bytes ? bytes[Symbol.asyncIterator]() : bytes[Symbol.iterator]();
  }

  /** CRC-32 (as in zlib) of all that was handed out, but what was taken with `summed` false. */
  get crc(): number {
    return this.#crc;
  }

  /** A copy of the next bytes. @throws EifError `truncated` */
  async take(length: number, { summed = true } = {}): Promise<Buffer> {
    const taken: Buffer[] = [];
    await this.pass(length, (piece) => taken.push(Buffer.from(piece)), { summed });
    return Buffer.concat(taken);
  }

  /** Shows the next bytes piece by piece; a piece is not to be kept. @throws EifError `truncated` */
  async pass(length: number, use: (piece: Buffer) => void, { summed = true } = {}): Promise<void> {
    for (let left = length; left > 0; ) {
      if (!(await this.#fill())) throw new EifError('truncated');
      const piece = this.#piece.subarray(0, left);
      this.#piece = this.#piece.subarray(piece.length);
      left -= piece.length;
      this.position += piece.length;
      if (summed) this.#crc = crc32(piece, this.#crc);
      use(piece);
    }
  }

  async atEnd(): Promise<boolean> {
    return !(await this.#fill());
  }

  /** Lets go of the source, whether or not it was read to its end. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  async #fill(): Promise<boolean> {
    while (this.#piece.length === 0) {
      const { done, value } = await this.#pieces.next();
      if (done === true) return false;
      this.#piece = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
    return true;
  }
}
