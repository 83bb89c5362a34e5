// SPDX-License-Identifier: Apache-2.0

/** A line without its end; or that there was one beyond the limit. */
export type Line = Buffer | 'too_long';

const NEWLINE = 0x0a;
const FIRST_BYTES = 4 * 1024;

/**
 * Cuts bytes into lines, wherever the chunks that they come in end. Lines end with LF, or with the text; a CR before it, like every
 * other blank, is JSON's own white space and stays. Lines of nothing but blanks are left out.
 *
 * Holds one line at most, in one piece however many chunks it came in: what a chunk of one byte costs beside that byte is no matter.
 */
export class LineSplitter {
  readonly #limit: number;
  #held = Buffer.alloc(0);
  #length = 0;
  /** The line is beyond the limit, and that was said: the rest of it is passed over. */
  #skipping = false;

  /** @param limit bytes of a line */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @returns the lines that the chunk completes. To be used up before the next chunk is given. */
  *push(chunk: Buffer): Generator<Line> {
    for (let from = 0; from < chunk.length; ) {
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
        yield 'too_long';
      } else if (end === -1) {
        this.#hold(part);
      } else {
        const line = this.#take(part);
        if (!isBlank(line)) yield line;
      }
    }
  }

  /** @returns the last line, where the text did not end with an LF */
  *end(): Generator<Line> {
    if (this.#skipping || this.#length === 0) return;
    const line = this.#take(Buffer.alloc(0));
    if (!isBlank(line)) yield line;
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

/** Spaces, tabs and carriage returns (RFC 8259 section 2, without the LF). */
function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
