// SPDX-License-Identifier: Apache-2.0
import type { Suite } from '@enclave-vault/hpke';
import { RecordsError } from './errors.ts';
import { MAX_VALUE_BYTES } from './limits.ts';
import { PAD_BLOCK } from './padding.ts';

export type Encoding = 1 | 2 | 3;

/** A sealed value, taken apart. `enc` and `ciphertext` may be views of it. */
export interface SealedValue {
  readonly encoding: Encoding;
  readonly seq: number;
  readonly enc: Uint8Array;
  readonly ciphertext: Uint8Array;
}

const TAG_LENGTH = 16;
const HEAD_LENGTH = 3;
const HEX_PAIRS = /^(?:[0-9a-fA-F]{2})+$/;

/** Nothing that the limits allow is longer, whichever the suite and encoding. */
const MAX_CIPHERTEXT = MAX_VALUE_BYTES + PAD_BLOCK + TAG_LENGTH;

/** Which encoding a stored value says it has. Throws `unknown_encoding` when it says none. */
export function encodingOf(value: Uint8Array | string): Encoding {
  if (typeof value === 'string') return 1;
  if (value[0] === 0x03) return 3;
  // The first byte of an uncompressed point.
  if (value[0] === 0x04) return 2;
  throw new RecordsError('unknown_encoding');
}

/** Encoding 3: 0x03, seq as u16 big-endian, enc, ciphertext with its tag. */
export function encode3(seq: number, enc: Uint8Array, ciphertext: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([0x03, seq >> 8, seq]), enc, ciphertext]);
}

/** Takes a stored value apart; undefined when it is none that this suite can have written within the limits. */
export function parseSealed(suite: Suite, value: Uint8Array | string): SealedValue | undefined {
  if (typeof value === 'string') return parse1(suite, value);
  const [first, high, low] = value;
  if (first === 0x04) return split(2, 0, suite, value, 0);
  if (first !== 0x03 || high === undefined || low === undefined) return undefined;
  return split(3, (high << 8) | low, suite, value, HEAD_LENGTH);
}

function split(
  encoding: Encoding,
  seq: number,
  suite: Suite,
  value: Uint8Array,
  start: number,
): SealedValue | undefined {
  const enc = value.subarray(start, start + suite.encLength);
  const ciphertext = value.subarray(start + suite.encLength);
  if (enc.length !== suite.encLength) return undefined;
  if (ciphertext.length < TAG_LENGTH || ciphertext.length > MAX_CIPHERTEXT) return undefined;
  return { encoding, seq, enc, ciphertext };
}

function parse1(suite: Suite, value: string): SealedValue | undefined {
  const at = 2 * suite.encLength;
  if (value.length > at + 1 + 2 * MAX_CIPHERTEXT || value[at] !== '#') return undefined;
  const enc = value.slice(0, at);
  const ciphertext = value.slice(at + 1);
  // Checked first, because Buffer.from(…, 'hex') stops in silence at the first character that is no digit.
  if (!HEX_PAIRS.test(enc) || !HEX_PAIRS.test(ciphertext)) return undefined;
  return split(1, 0, suite, Buffer.from(enc + ciphertext, 'hex'), 0);
}
