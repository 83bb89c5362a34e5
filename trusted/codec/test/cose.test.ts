// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  type CborValue,
  type CodecErrorCode,
  coseSign1ToBeSigned,
  encodeCbor,
  parseCoseSign1,
} from '../src/index.ts';
import { expectRefusal, fromHex } from './support.ts';

const header = fromHex('a10126');
const whole = (...parts: CborValue[]): Buffer => encodeCbor(parts);
const good = whole(header, new Map([[4, Buffer.from('11')]]), Buffer.from('payload'), Buffer.alloc(64));

describe('parseCoseSign1', () => {
  it('gives the four parts, headers unchecked', () => {
    expect(parseCoseSign1(good)).toEqual({
      protectedHeader: header,
      unprotected: new Map([[4, Buffer.from('11')]]),
      payload: Buffer.from('payload'),
      signature: Buffer.alloc(64),
    });
  });
  it.each<[string, Buffer, CodecErrorCode]>([
    ['three parts', whole(header, new Map(), Buffer.alloc(1)), 'cose_not_sign1'],
    ['five parts', whole(header, new Map(), Buffer.alloc(1), Buffer.alloc(64), 0), 'cose_not_sign1'],
    ['a map', encodeCbor(new Map()), 'cose_not_sign1'],
    ['a string', encodeCbor('COSE'), 'cose_not_sign1'],
    [
      'a header that is a map',
      whole(new Map(), new Map(), Buffer.alloc(1), Buffer.alloc(64)),
      'cose_not_sign1',
    ],
    [
      'an unprotected header in bytes',
      whole(header, header, Buffer.alloc(1), Buffer.alloc(64)),
      'cose_not_sign1',
    ],
    ['a detached payload', whole(header, new Map(), null, Buffer.alloc(64)), 'cose_not_sign1'],
    ['a payload as text', whole(header, new Map(), 'payload', Buffer.alloc(64)), 'cose_not_sign1'],
    ['a signature that is a number', whole(header, new Map(), Buffer.alloc(1), 1), 'cose_not_sign1'],
    ['tag 17, COSE_Mac0', Buffer.concat([Buffer.of(0xd1), good]), 'cbor_tag'],
    ['tag 18 in two bytes', Buffer.concat([fromHex('d812'), good]), 'cbor_tag'],
    ['tag 18 and nothing', fromHex('d2'), 'cbor_truncated'],
    ['nothing', Buffer.alloc(0), 'cbor_truncated'],
    ['more behind it', Buffer.concat([good, Buffer.of(0)]), 'cbor_trailing_bytes'],
  ])('refuses %s', (_what, bytes, code) => {
    expectRefusal(code, () => parseCoseSign1(bytes));
  });
  it('is bounded by its limits', () => {
    expectRefusal('cbor_too_large', () => parseCoseSign1(good, { maxBytes: good.length - 1 }));
    expectRefusal('cbor_too_many_items', () => parseCoseSign1(good, { maxItems: 4 }));
  });
});

describe('coseSign1ToBeSigned', () => {
  // RFC 9052 section 4.4, with the example of appendix C.2.1: sign1 of "This is the content." with {1: -7}.
  it('is the Sig_structure of the COSE examples', () => {
    const tbs = coseSign1ToBeSigned(header, Buffer.from('This is the content.'));
    expect(tbs.toString('hex')).toBe(
      '846a5369676e61747572653143a101264054546869732069732074686520636f6e74656e742e',
    );
  });
});
