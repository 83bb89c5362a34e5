// SPDX-License-Identifier: Apache-2.0
import { CodecError } from './errors.ts';
import { ASN1_LIMITS, type Limits } from './limits.ts';

/**
 * One ASN.1 element. `tag` is the identifier octet as it stands (class, constructed bit, number). A constructed element has `children`; a
 * primitive one has none. `content` is what lies between header and end, `bytes` the whole element; both are views of the input.
 */
export type Asn1Element = {
  readonly tag: number;
  readonly content: Buffer;
  readonly bytes: Buffer;
  readonly children: readonly Asn1Element[] | null;
};

const CONSTRUCTED = 0x20;
const LONG_TAG = 0x1f;

/**
 * Parses one DER element that fills the input (X.690 sections 8.1 and 10.1): definite lengths in their shortest form, tag numbers below 31.
 * The order of SET members and the contents of primitives are left to whoever reads them (asn1-values.ts).
 *
 * @throws CodecError `asn1_*`
 */
export function parseDer(bytes: Uint8Array, limits: Partial<Limits> = {}): Asn1Element {
  return new Parser(bytes, limits, false).parse();
}

/**
 * As {@link parseDer}, and constructed elements may have an indefinite length (X.690 section 8.1.3.6). Definite lengths must still be shortest.
 *
 * @throws CodecError `asn1_*`
 */
export function parseBer(bytes: Uint8Array, limits: Partial<Limits> = {}): Asn1Element {
  return new Parser(bytes, limits, true).parse();
}

class Parser {
  readonly #bytes: Buffer;
  readonly #maxDepth: number;
  readonly #indefiniteAllowed: boolean;
  #itemsLeft: number;
  #at = 0;

  constructor(bytes: Uint8Array, limits: Partial<Limits>, indefiniteAllowed: boolean) {
    const { maxBytes, maxDepth, maxItems } = { ...ASN1_LIMITS, ...limits };
    if (bytes.length > maxBytes) throw new CodecError('asn1_too_large');
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#maxDepth = maxDepth;
    this.#itemsLeft = maxItems;
    this.#indefiniteAllowed = indefiniteAllowed;
  }

  parse(): Asn1Element {
    const element = this.#element(this.#bytes.length, 0);
    if (this.#at !== this.#bytes.length) throw new CodecError('asn1_trailing_bytes');
    return element;
  }

  /** Reads the element at the cursor, which has to end at or before `end`, the end of whatever contains it. */
  #element(end: number, depth: number): Asn1Element {
    if (this.#itemsLeft === 0) throw new CodecError('asn1_too_many_items');
    this.#itemsLeft -= 1;
    const start = this.#at;
    const tag = this.#octet(end);
    if ((tag & LONG_TAG) === LONG_TAG) throw new CodecError('asn1_tag_form');
    if (tag === 0) throw new CodecError('asn1_end_of_contents');
    const length = this.#length(end);
    const contentStart = this.#at;
    if (length !== null && length > end - contentStart) throw new CodecError('asn1_truncated');
    if ((tag & CONSTRUCTED) === 0) {
      if (length === null) throw new CodecError('asn1_indefinite_length');
      this.#at = contentStart + length;
      return this.#made(tag, start, contentStart, this.#at, null);
    }
    if (depth === this.#maxDepth) throw new CodecError('asn1_too_deep');
    const children: Asn1Element[] = [];
    if (length !== null) {
      const contentEnd = contentStart + length;
      while (this.#at < contentEnd) children.push(this.#element(contentEnd, depth + 1));
      return this.#made(tag, start, contentStart, contentEnd, children);
    }
    while (!this.#endOfContents(end)) children.push(this.#element(end, depth + 1));
    const contentEnd = this.#at;
    this.#at += 2;
    return this.#made(tag, start, contentStart, contentEnd, children);
  }

  #made(
    tag: number,
    start: number,
    contentStart: number,
    contentEnd: number,
    children: readonly Asn1Element[] | null,
  ): Asn1Element {
    return {
      tag,
      content: this.#bytes.subarray(contentStart, contentEnd),
      bytes: this.#bytes.subarray(start, this.#at),
      children,
    };
  }

  #endOfContents(end: number): boolean {
    if (end - this.#at < 2) throw new CodecError('asn1_truncated');
    return this.#bytes[this.#at] === 0 && this.#bytes[this.#at + 1] === 0;
  }

  #octet(end: number): number {
    const value = this.#at < end ? this.#bytes[this.#at] : undefined;
    if (value === undefined) throw new CodecError('asn1_truncated');
    this.#at += 1;
    return value;
  }

  /** The length octets (X.690 section 8.1.3); null is the indefinite form. Four octets suffice for any input taken here. */
  #length(end: number): number | null {
    const first = this.#octet(end);
    if (first < 0x80) return first;
    if (first === 0x80) {
      if (!this.#indefiniteAllowed) throw new CodecError('asn1_indefinite_length');
      return null;
    }
    const size = first & 0x7f;
    if (size > 4) throw new CodecError('asn1_length_form');
    let length = 0;
    for (let i = 0; i < size; i += 1) length = length * 256 + this.#octet(end);
    const shortest = length >= 0x80 && length >= 2 ** (8 * (size - 1));
    if (!shortest) throw new CodecError('asn1_length_form');
    return length;
  }
}
