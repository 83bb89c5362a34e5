// SPDX-License-Identifier: Apache-2.0
/**
 * No input up to 10 MiB may hang a reader, throw anything but CodecError, or make it allocate more than a small multiple of the input.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeCanonicalCbor,
  decodeCbor,
  parseBer,
  parseCoseSign1,
  parseDer,
  parseEnvelopedData,
} from '../src/index.ts';
import { codeOf } from './support.ts';

const READERS = { decodeCbor, decodeCanonicalCbor, parseCoseSign1, parseDer, parseBer, parseEnvelopedData };
const MEBIBYTES_10 = 10 * 1024 * 1024;
/** Of processor time, µs, a hundred times what it takes: a busy machine lets a second pass anywhere. */
const MAX_US = 1_000_000;
const spentSince = (start: NodeJS.CpuUsage): number => {
  const { user, system } = process.threadCpuUsage(start);
  return user + system;
};
const MAX_ALLOCATED = 4 * MEBIBYTES_10;

const vector = (name: string): Buffer =>
  readFileSync(new URL(`../../../tests/vectors/${name}`, import.meta.url));
const kms: { cms: string }[] = JSON.parse(vector('kms-ciphertext-for-recipient.json').toString());
const SEEDS = [vector('nitro-attestation-production.cose'), ...kms.map(({ cms }) => Buffer.from(cms, 'hex'))];

const filled = (head: string, filler: string): Buffer => {
  const bytes = Buffer.alloc(MEBIBYTES_10, Buffer.from(filler, 'hex'));
  Buffer.from(head, 'hex').copy(bytes);
  return bytes;
};
/** The longest string, array, map or element that still fits. */
const declaring = (tag: string, filler: string): Buffer => {
  const length = (MEBIBYTES_10 - 5).toString(16).padStart(8, '0');
  return filled(`${tag}${length}`, filler);
};
const repeated = (unit: string): Buffer => filled('', unit);

const HOSTILE: Record<string, Buffer> = {
  zeros: repeated('00'),
  ones: repeated('ff'),
  'nested arrays': repeated('81'),
  'nested maps': repeated('a100'),
  'empty arrays': repeated('80'),
  'an array of millions of empty arrays': declaring('9a', '80'),
  'an array of millions of empty maps': declaring('9a', 'a0'),
  'an array of 5,461 maps of one entry': Buffer.from(`991555${'a10000'.repeat(5461)}`, 'hex'),
  'an array of 16,383 empty maps': Buffer.concat([Buffer.from('993fff', 'hex'), Buffer.alloc(16_383, 0xa0)]),
  'a map of millions of entries': filled('ba00500000', '00'),
  'an array of 2^64-1': filled('9bffffffffffffffff', '80'),
  'a map of 2^63': filled('bb8000000000000000', '00'),
  'a byte string of the whole': declaring('5a', '00'),
  'a text of the whole, Latin': declaring('7a', '61'),
  'a text of the whole that is no UTF-8': declaring('7a', '80'),
  'a text of the whole, of four-byte characters': Buffer.concat([
    Buffer.from('7a009ffff8', 'hex'),
    repeated('f09f9880').subarray(8),
  ]),
  'a text of 4 GiB': filled('7affffffff', '61'),
  'byte strings of one byte': filled('9a00500000', '4100'),
  'tags in tags': repeated('c0'),
  'indefinite lengths in each other': repeated('9f'),
  'nested sequences of indefinite length': repeated('3080'),
  'a sequence of millions of NULLs': declaring('3084', '0500'),
  'an indefinite sequence of millions of NULLs': filled('3080', '0500'),
  'an octet string of the whole': declaring('0484', '00'),
  'ends of contents': filled('3080', '0000'),
  'long lengths': repeated('3084ffffffff'),
  'lengths of 126 octets': repeated('30fe'),
  'long tags': repeated('1fff'),
};

describe('10 MiB of', () => {
  it.each(Object.entries(HOSTILE))('%s is read or refused at once, in bounded memory', (_name, input) => {
    for (const reader of Object.values(READERS)) {
      const before = process.memoryUsage();
      const start = process.threadCpuUsage();
      // Held until the memory is looked at.
      let result: unknown;
      codeOf(() => {
        result = reader(input);
      });
      expect(spentSince(start)).toBeLessThan(MAX_US);
      const after = process.memoryUsage();
      expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(MAX_ALLOCATED);
      expect(result).not.toBeNull();
    }
  });

  it('anything more is refused unread', () => {
    const tooLarge = Buffer.alloc(MEBIBYTES_10 + 1);
    const codes = Object.values(READERS).map((reader) => codeOf(() => reader(tooLarge)));
    expect(new Set(codes)).toEqual(new Set(['cbor_too_large', 'asn1_too_large']));
  });
});

describe('integer keys that all collide', () => {
  /** V8's hash of a small integer (ComputeUnseededHash). */
  const hash = (key: number): number => {
    let mixed = (~key + (key << 15)) | 0;
    mixed ^= mixed >>> 12;
    mixed = (mixed + (mixed << 2)) | 0;
    mixed ^= mixed >>> 4;
    mixed = Math.imul(mixed, 2057);
    return (mixed ^ (mixed >>> 16)) & 0x3fff_ffff;
  };
  it('cost no more than other keys, give or take: maps are bounded', () => {
    const keys: number[] = [];
    for (let key = 0x10000; keys.length < 1024; key += 1) if ((hash(key) & 511) === 0) keys.push(key);
    const map = Buffer.alloc(3 + 6 * keys.length);
    map.writeUIntBE(0xb90400, 0, 3);
    keys.forEach((key, index) => {
      map.writeUInt8(0x1a, 3 + 6 * index);
      map.writeUInt32BE(key, 4 + 6 * index);
    });
    const start = process.threadCpuUsage();
    const decoded = decodeCbor(Buffer.concat([Buffer.of(0x87), ...Array<Buffer>(7).fill(map)]));
    expect(decoded).toHaveLength(7);
    expect(spentSince(start)).toBeLessThan(MAX_US);
  });
});

describe('properties', () => {
  /** Bytes that look like structure more often than chance would have it. */
  const structured = fc
    .array(
      fc.oneof(
        fc.uint8Array({ maxLength: 6 }),
        fc
          .constantFrom(
            '80',
            '81',
            'a0',
            'a1',
            '9f',
            'bf',
            'ff',
            '5a0000',
            '9b',
            '3080',
            '0000',
            '3003',
            '0401',
            'a080',
            '0500',
          )
          .map((hex) => Buffer.from(hex, 'hex')),
      ),
      { maxLength: 60 },
    )
    .map((parts) => Buffer.concat(parts));
  const mutated = fc
    .tuple(
      fc.constantFrom(...SEEDS),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }),
      fc.nat(5),
    )
    .map(([seed, changes, cut]) => {
      const copy = Buffer.from(seed.subarray(0, seed.length - cut));
      for (const [position, octet] of changes) copy[position % copy.length] = octet;
      return copy;
    });

  it.each(Object.entries(READERS))('%s returns or throws a CodecError', (_name, reader) => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), structured, mutated), (bytes) => {
        // Another error is thrown on by codeOf and fails the property.
        expect(codeOf(() => reader(bytes)) ?? 'taken').toMatch(/^(cbor|cose|asn1|cms)_|taken/);
      }),
      { numRuns: 1500 },
    );
  });

  it('a reader never changes its input', () => {
    fc.assert(
      fc.property(mutated, (bytes) => {
        const copy = Buffer.from(bytes);
        for (const reader of Object.values(READERS)) codeOf(() => reader(bytes));
        expect(bytes.equals(copy)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
