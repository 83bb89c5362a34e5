// SPDX-License-Identifier: Apache-2.0
import { createSecretKey, hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { labeledExpand, labeledExtract, NO_SALT, takeKey } from '../src/labeled.ts';
import { expectCode, utf8 } from './support.ts';

const HASHES = [
  ['sha256', 32],
  ['sha384', 48],
  ['sha512', 64],
] as const;

const id = utf8('KEM\x00\x11');

describe.each(HASHES)('HKDF with labels, %s', (hash, size) => {
  const bytes = fc.uint8Array({ maxLength: 200 });

  /** The RFC's two functions from node's one, which does both steps of HKDF. */
  function reference(salt: Uint8Array, ikm: Uint8Array, info: Uint8Array, length: number): Buffer {
    const labeledIkm = Buffer.concat([utf8('HPKE-v1'), id, utf8('in'), ikm]);
    const head = Buffer.from([length >> 8, length & 0xff]);
    const labeledInfo = Buffer.concat([head, utf8('HPKE-v1'), id, utf8('out'), info]);
    return Buffer.from(hkdfSync(hash, labeledIkm, salt, labeledInfo, length));
  }

  test("extract, then expand, is node's HKDF over the labeled inputs", () => {
    fc.assert(
      fc.property(bytes, bytes, bytes, fc.integer({ min: 1, max: 5 * size }), (salt, ikm, info, length) => {
        const prk = takeKey(labeledExtract(hash, id, createSecretKey(salt), 'in', ikm));
        // HKDF's info is limited to 1024 bytes in node: these stay below.
        expect(labeledExpand(hash, id, prk, 'out', info, length)).toEqual(reference(salt, ikm, info, length));
      }),
      { numRuns: 60 },
    );
  });

  test('no salt is the empty salt and the salt of zeros', () => {
    const none = labeledExtract(hash, id, NO_SALT, 'in', utf8('ikm'));
    expect(none.length).toBe(size);
    expect(labeledExtract(hash, id, createSecretKey(Buffer.alloc(size)), 'in', utf8('ikm'))).toEqual(none);
  });

  test('255 blocks and no more; none is nothing', () => {
    const prk = takeKey(labeledExtract(hash, id, NO_SALT, 'in', utf8('ikm')));
    const most = labeledExpand(hash, id, prk, 'out', utf8('info'), 255 * size);
    expect(most.equals(reference(utf8(''), utf8('ikm'), utf8('info'), 255 * size))).toBe(true);
    expect(labeledExpand(hash, id, prk, 'out', utf8('info'), 0).length).toBe(0);
    for (const length of [255 * size + 1, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 0x10000 + size]) {
      expectCode('export_too_long', () => labeledExpand(hash, id, prk, 'out', utf8(''), length));
    }
  });
});

test('takeKey zeroes the bytes it was given', () => {
  const bytes = Buffer.alloc(48, 0xa5);
  const key = takeKey(bytes);
  expect(bytes.equals(Buffer.alloc(48))).toBe(true);
  expect(key.export().equals(Buffer.alloc(48, 0xa5))).toBe(true);
});
