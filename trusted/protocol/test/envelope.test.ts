// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeEnvelope } from '../src/envelope.ts';
import {
  encodeErrorAnswer,
  MAX_MESSAGE_BYTES,
  openAnswer,
  ProtocolError,
  parseAnswerEnvelope,
  parseEnvelope,
  parseErrorAnswer,
  sealAnswer,
  sealRequest,
} from '../src/index.ts';
import { channel, codeOf, edited, NOW, request } from './support.ts';

const { key, times } = channel();
const REQUEST = sealRequest(key, request(), times);
const ANSWER = sealAnswer(key.dataKey, { id: times.requestId }, { data: [], errors: [] }, NOW);

describe('request envelope', () => {
  test.each([
    ['unknown member', { extra: 1 }],
    ['missing member', { nonce: undefined }],
    ['version 0', { v: 0 }],
    ['version 2', { v: 2 }],
    ['version as text', { v: '1' }],
    ['short id', { id: Buffer.alloc(15) }],
    ['long id', { id: Buffer.alloc(17) }],
    ['id as text', { id: 'a'.repeat(16) }],
    ['negative time', { time: -1 }],
    ['time beyond 2^53', { time: 2n ** 53n }],
    ['time as text', { time: `${NOW}` }],
    ['deadline before time', { deadline: NOW - 1 }],
    ['empty key', { key: Buffer.alloc(0) }],
    ['key over 6 KiB', { key: Buffer.alloc(6145) }],
    ['short nonce', { nonce: Buffer.alloc(11) }],
    ['long nonce', { nonce: Buffer.alloc(13) }],
    ['box of a tag alone', { box: Buffer.alloc(16) }],
    ['null box', { box: null }],
  ])('refuses %s', (_, change) => {
    expect(codeOf(() => parseEnvelope(edited(REQUEST, change)))).toBe('malformed');
  });

  test('accepts a wrapped key of exactly 6 KiB', () => {
    expect(parseEnvelope(edited(REQUEST, { key: Buffer.alloc(6144) })).key).toHaveLength(6144);
  });

  test('refuses trailing bytes and any cut', () => {
    expect(codeOf(() => parseEnvelope(Buffer.concat([REQUEST, Buffer.of(0)])))).toBe('malformed');
    for (let length = 0; length < REQUEST.length; length += 7) {
      expect(codeOf(() => parseEnvelope(REQUEST.subarray(0, length)))).toBe('malformed');
    }
  });

  test('refuses another encoding of the same message', () => {
    // {"v": 1} with the 1 in two bytes, and the same map with its keys in another order.
    const longer = Buffer.from(REQUEST);
    const at = longer.indexOf(Buffer.from('617601', 'hex'));
    const wide = Buffer.concat([longer.subarray(0, at + 2), Buffer.of(0x18, 1), longer.subarray(at + 3)]);
    expect(codeOf(() => parseEnvelope(wide))).toBe('malformed');
    const moved = Buffer.concat([
      longer.subarray(0, at),
      longer.subarray(at + 3),
      longer.subarray(at, at + 3),
    ]);
    expect(codeOf(() => parseEnvelope(moved))).toBe('malformed');
  });

  test('of 10 MiB is written, of a byte more is not', () => {
    const small = parseEnvelope(edited(REQUEST, { box: Buffer.alloc(70_000) }));
    const room = MAX_MESSAGE_BYTES - encodeEnvelope(small).byteLength;
    const box = Buffer.alloc(small.box.byteLength + room);
    const full = encodeEnvelope({ ...small, box });
    expect(full).toHaveLength(MAX_MESSAGE_BYTES);
    expect(parseEnvelope(full).box).toHaveLength(box.byteLength);
    const over = { ...small, box: Buffer.alloc(box.byteLength + 1) };
    expect(codeOf(() => encodeEnvelope(over))).toBe('too_large');
  });

  test('over 10 MiB it is not even decoded', () => {
    expect(codeOf(() => parseEnvelope(Buffer.alloc(MAX_MESSAGE_BYTES + 1, 0xff)))).toBe('too_large');
    expect(codeOf(() => parseEnvelope(Buffer.alloc(MAX_MESSAGE_BYTES, 0xff)))).toBe('malformed');
  });
});

describe('answer envelope', () => {
  test('is not a request envelope, nor the reverse', () => {
    expect(codeOf(() => parseEnvelope(ANSWER))).toBe('malformed');
    expect(codeOf(() => parseAnswerEnvelope(REQUEST))).toBe('malformed');
  });

  test.each([
    ['unknown member', { deadline: 1 }],
    ['missing member', { time: undefined }],
    ['version', { v: 2 }],
    ['id', { id: Buffer.alloc(12) }],
    ['time', { time: -1 }],
    ['nonce', { nonce: Buffer.alloc(16) }],
    ['box', { box: Buffer.alloc(0) }],
    ['box of a tag alone', { box: Buffer.alloc(16) }],
  ])('refuses a wrong %s', (_, change) => {
    expect(codeOf(() => openAnswer(key.dataKey, times.requestId, edited(ANSWER, change)))).toBe('malformed');
  });
});

describe('error answer', () => {
  test('round trip of every code, within its limit', () => {
    for (const code of [
      'malformed',
      'busy',
      'unauthenticated',
      'kms_unavailable',
      'no_configuration',
    ] as const) {
      const bytes = encodeErrorAnswer(code);
      expect(bytes.length).toBeLessThanOrEqual(128);
      expect(parseErrorAnswer(bytes)).toBe(code);
    }
  });

  test('never reads as an answer, and an answer never as an error', () => {
    expect(codeOf(() => openAnswer(key.dataKey, times.requestId, encodeErrorAnswer('busy')))).toBe(
      'malformed',
    );
    expect(codeOf(() => parseErrorAnswer(ANSWER))).toBe('malformed');
  });

  test.each([
    ['an unknown code', { error: 'fine' }],
    ['another version', { v: 2 }],
    ['a detail', { detail: 'x' }],
  ])('refuses %s', (_, change) => {
    expect(codeOf(() => parseErrorAnswer(edited(encodeErrorAnswer('busy'), change)))).toBe('malformed');
  });

  test('over 128 bytes it is not decoded', () => {
    expect(codeOf(() => parseErrorAnswer(Buffer.alloc(129)))).toBe('too_large');
  });
});

test('no parser throws anything but ProtocolError, whatever the bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      for (const parse of [parseEnvelope, parseAnswerEnvelope, parseErrorAnswer]) {
        expect(() => parse(bytes)).toThrow(ProtocolError);
      }
    }),
    { numRuns: 300 },
  );
});
