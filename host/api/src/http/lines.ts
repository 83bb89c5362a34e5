// SPDX-License-Identifier: Apache-2.0
import { ApiError } from '../errors.ts';

/** A line without its end; or that there was one beyond the limit. */
export type Line = Buffer | 'too_long';

const NEWLINE = 0x0a;
const FIRST_BYTES = 4 * 1024;
/** Blank lines in a row at most. They are work that counts for nothing: no rate holds whoever sends nothing else. */
const MOST_BLANK = 1_000;

/**
 * Cuts bytes into lines, wherever the chunks that they come in end. Lines end with LF, or with the text; a CR before it, like every
 * other blank, is JSON's own white space and stays. Lines of nothing but blanks are left out, and are the end when there are too many in a row.
 *
 * Holds one line at most, in one piece however many chunks it came in: what a chunk of one byte costs beside that byte is no matter.
 */
export class LineSplitter {
  readonly #limit: number;
  readonly #mostBlank: number;
  #held = Buffer.alloc(0);
  #length = 0;
  /** The line is beyond the limit, and that was said: the rest of it is passed over. */
  #skipping = false;
  /** Blank lines since the last that was none. */
  #blank = 0;

  /**
   * @param limit bytes of a line
   * @param mostBlank blank lines in a row
   */
  constructor(limit: number, mostBlank: number = MOST_BLANK) {
    this.#limit = limit;
    this.#mostBlank = mostBlank;
  }

  /**
   * @returns the lines that the chunk completes. To be used up before the next chunk is given.
   * @throws {ApiError} `json_invalid` for too many blank lines in a row; there is no more to be had then
   */
  *push(chunk: Buffer): Generator<Line> {
    for (let from = 0; ; ) {
      if (this.#length === 0 && !this.#skipping) from = this.#passBlank(chunk, from);
      if (from >= chunk.length) return;
      const end = chunk.indexOf(NEWLINE, from);
      const part = chunk.subarray(from, end === -1 ? chunk.length : end);
      from += part.length + 1;
      if (this.#skipping) {
        this.#skipping = end === -1;
        continue;
      }
      if (this.#length + part.length > this.#limit) {
        this.#length = 0;
        this.#skipping = end === -1;
        this.#blank = 0;
        yield 'too_long';
      } else if (end === -1) {
        this.#hold(part);
      } else {
        const line = this.#take(part);
        if (isBlank(line)) {
          this.#countBlank();
        } else {
          this.#blank = 0;
          yield line;
        }
      }
    }
  }

  /** @returns the last line, where the text did not end with an LF */
  *end(): Generator<Line> {
    if (this.#skipping || this.#length === 0) return;
    const line = this.#take(Buffer.alloc(0));
    if (!isBlank(line)) yield line;
  }

  /** Passes over blank lines without cutting them. @returns where the first line begins that is none, or is not over, or is too long */
  #passBlank(chunk: Buffer, from: number): number {
    let begin = from;
    for (let at = from; at < chunk.length && at - begin <= this.#limit; at += 1) {
      const byte = chunk[at];
      if (byte === NEWLINE) {
        this.#countBlank();
        begin = at + 1;
      } else if (!isBlankByte(byte)) {
        break;
      }
    }
    return begin;
  }

  #countBlank(): void {
    this.#blank += 1;
    if (this.#blank > this.#mostBlank) throw new ApiError('json_invalid');
  }

  #hold(part: Buffer): void {
    const length = this.#length + part.length;
    if (length > this.#held.length) {
      const grown = Buffer.alloc(Math.min(this.#limit, Math.max(FIRST_BYTES, 2 * length)));
      this.#held.copy(grown, 0, 0, this.#length);
      this.#held = grown;
    }
    part.copy(this.#held, this.#length);
    this.#length = length;
  }

  /** The line that ends with this part. What was held for it is let go: the next one is likely shorter. */
  #take(part: Buffer): Buffer {
    if (this.#length === 0) return part;
    this.#hold(part);
    const line = this.#held.subarray(0, this.#length);
    this.#held = Buffer.alloc(0);
    this.#length = 0;
    return line;
  }
}

function isBlank(line: Buffer): boolean {
  for (const byte of line) if (!isBlankByte(byte)) return false;
  return true;
}

/** Spaces, tabs and carriage returns (RFC 8259 section 2, without the LF). */
function isBlankByte(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d;
}
