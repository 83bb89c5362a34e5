// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, ECDH, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { curveOf } from '../src/curves.ts';
import { encapsulateWith } from '../src/encapsulate.ts';
import { HpkeError, type Suite } from '../src/index.ts';
import { ecdh } from '../src/kem.ts';
import { importPrivateKey, setupRecipient } from '../src/open.ts';
import { keyToPoint } from '../src/public-key.ts';
import { generateKeyPair, setupSender } from '../src/seal.ts';
import { expectCode, hex, type Pkcs8Parts, pkcs8, SUITES, tlv, utf8 } from './support.ts';

function freshKey(suite: Suite) {
  const pair = generateKeyPair(suite);
  const scalar = Buffer.from(pair.privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
  const point = Buffer.from(keyToPoint(suite, pair.publicKey, 'public') ?? []);
  return { ...pair, scalar, point, der: pair.privateKey.export({ format: 'der', type: 'pkcs8' }) };
}

function shifted(order: Buffer, by: bigint): Buffer {
  const value = BigInt(`0x${order.toString('hex')}`) + by;
  return hex(value.toString(16).padStart(2 * order.length, '0'));
}

describe.each(SUITES.map((suite) => [suite.name, suite] as const))('%s', (_, suite) => {
  const { order, oid } = curveOf(suite);
  const key = freshKey(suite);

  test('every accepted form opens what was sealed to its public half', () => {
    const forms: [string, Buffer][] = [
      ['as OpenSSL writes it', key.der],
      ['as KMS writes it, with parameters', pkcs8(suite, key.scalar, { parameters: oid, point: key.point })],
      ['without the point', pkcs8(suite, key.scalar)],
      ['without the point, with parameters', pkcs8(suite, key.scalar, { parameters: oid })],
    ];
    const sender = setupSender(suite, key.publicKey, utf8('info'));
    const sealed = sender.seal(utf8('aad'), utf8('text'));
    for (const [name, der] of forms) {
      const recipient = setupRecipient(suite, sender.enc, importPrivateKey(suite, der), utf8('info'));
      expect(recipient.open(utf8('aad'), sealed).toString(), name).toBe('text');
    }
  });

  test('a view into a larger buffer is read within its bounds, and stays as it was', () => {
    const larger = Buffer.concat([Buffer.alloc(7, 0xee), key.der, Buffer.alloc(9, 0xee)]);
    const view = new Uint8Array(larger.buffer, larger.byteOffset + 7, key.der.length);
    expect(importPrivateKey(suite, view).equals(key.privateKey)).toBe(true);
    expect(Buffer.from(view).equals(key.der)).toBe(true);
  });

  test('scalars 1 and n - 1 are the outermost that pass', () => {
    for (const scalar of [shifted(order, -1n), shifted(order, 1n - BigInt(`0x${order.toString('hex')}`))]) {
      expect(importPrivateKey(suite, pkcs8(suite, scalar)).type).toBe('private');
    }
  });

  test('every byte of a scalar counts, the first one too', () => {
    const ones = Buffer.alloc(order.length, 0xff);
    ones[0] = 0;
    const first = Buffer.alloc(order.length);
    first[0] = 1;
    for (const scalar of [ones, first]) {
      expect(importPrivateKey(suite, pkcs8(suite, scalar)).type).toBe('private');
    }
    const above = Buffer.alloc(order.length);
    above[0] = (order[0] ?? 0) + 1;
    above[above.length - 1] = 1;
    // Of P-521 alone the order's first byte is below 0xff.
    if (above[0] !== 0) expectCode('invalid_private_key', () => importPrivateKey(suite, pkcs8(suite, above)));
  });

  test.each([
    ['zero', Buffer.alloc(order.length)],
    ['n', order],
    ['n + 1', shifted(order, 1n)],
    ['all ones', Buffer.alloc(order.length, 0xff)],
    ['too short', Buffer.alloc(order.length - 1, 1)],
    ['too long', Buffer.concat([Buffer.from([0]), Buffer.alloc(order.length, 1)])],
    ['empty', Buffer.alloc(0)],
  ])('scalar refused: %s', (name, scalar) => {
    const der = pkcs8(suite, scalar, { point: key.point });
    expectCode('invalid_private_key', () => importPrivateKey(suite, der));
    // The reason why this package looks for itself: OpenSSL takes them.
    if (['zero', 'n', 'n + 1'].includes(name)) {
      expect(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).type).toBe('private');
    }
  });

  test("a zero scalar from node's own import gets as far as a failed opening", () => {
    const der = pkcs8(suite, Buffer.alloc(order.length), { point: key.point });
    const zero = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const { enc } = setupSender(suite, key.publicKey, utf8(''));
    expectCode('open_failed', () => setupRecipient(suite, enc, zero, utf8('')));
  });

  test('and one whose ECDH OpenSSL refuses encapsulates nothing', () => {
    const zero = createPrivateKey({
      key: pkcs8(suite, Buffer.alloc(order.length), { point: key.point }),
      format: 'der',
      type: 'pkcs8',
    });
    const pending = encapsulateWith(suite, key.publicKey, { publicKey: key.publicKey, privateKey: zero });
    expect(ecdh(pending.keys)).toBeUndefined();
    expectCode('invalid_public_key', () => pending.finish(ecdh(pending.keys)));
  });

  const offCurve = Buffer.from(key.point);
  offCurve[10] = (offCurve[10] ?? 0) ^ 1;
  const wrong: [string, Pkcs8Parts][] = [
    ['version 1 outside', { version: 1 }],
    ['version 0 inside', { ecVersion: 0 }],
    ['attributes', { attributes: hex('a000') }],
    ['trailing bytes', { attributes: hex('0500') }],
    ["another curve's parameters", { parameters: hex('06052b8104000a') }],
    ['parameters and more', { parameters: Buffer.concat([oid, hex('0500')]) }],
    ['a point off the curve', { point: offCurve }],
    ['a point too short', { point: key.point.subarray(0, -1) }],
    [
      'a compressed point',
      { point: Buffer.concat([hex('02'), key.point.subarray(1, 1 + suite.scalarLength)]) },
    ],
    ['an empty point', { point: Buffer.alloc(0) }],
  ];
  test.each(wrong)('structure refused: %s', (_name, parts) => {
    expectCode('invalid_private_key', () =>
      importPrivateKey(suite, pkcs8(suite, key.scalar, { point: key.point, ...parts })),
    );
  });

  const bits = (point: Uint8Array): Buffer => tlv(0x03, Buffer.from([0]), point);
  const hybrid = ECDH.convertKey(key.point, suite.curve, undefined, undefined, 'hybrid') as Buffer;
  test.each<[string, Buffer[]]>([
    ['under another tag', [tlv(0xa2, bits(key.point))]],
    ['in an octet string', [tlv(0xa1, tlv(0x04, Buffer.from([0]), key.point))]],
    ['that is no bit string but bytes', [tlv(0x81, bits(key.point))]],
    ['of no bits', [tlv(0xa1)]],
    ['twice', [tlv(0xa1, bits(key.point), bits(key.point))]],
    ['with a member after it', [tlv(0xa1, bits(key.point)), tlv(0x05)]],
    ['before its parameters', [tlv(0xa1, bits(key.point)), tlv(0xa0, oid)]],
    ['in hybrid form', [tlv(0xa1, bits(hybrid))]],
  ])('a point is refused %s', (_name, after) => {
    expectCode('invalid_private_key', () => importPrivateKey(suite, pkcs8(suite, key.scalar, { after })));
  });

  test('a point is refused with bits unused', () => {
    // One whose last bit is 0: OpenSSL clears what is unused, and takes a point that is not changed by that.
    let even = freshKey(suite);
    while (((even.point.at(-1) ?? 1) & 1) !== 0) even = freshKey(suite);
    const after = [tlv(0xa1, tlv(0x03, Buffer.from([1]), even.point))];
    expectCode('invalid_private_key', () => importPrivateKey(suite, pkcs8(suite, even.scalar, { after })));
  });

  test('its point is derived without the private half ever being exported', () => {
    const { privateKey } = generateKeyPair(suite);
    const exported = vi.spyOn(Object.getPrototypeOf(privateKey), 'export');
    try {
      expect(keyToPoint(suite, privateKey, 'private')).toHaveLength(suite.encLength);
      expect(exported).not.toHaveBeenCalled();
    } finally {
      exported.mockRestore();
    }
  });

  test('other kinds of key, and other encodings, are refused', () => {
    const sec1 = key.privateKey.export({ format: 'der', type: 'sec1' });
    const ed = generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' });
    const pem = Buffer.from(key.privateKey.export({ format: 'pem', type: 'pkcs8' }));
    for (const bytes of [sec1, ed, pem, Buffer.alloc(0), hex('30'), hex('3080'), hex('30820000')]) {
      expectCode('invalid_private_key', () => importPrivateKey(suite, bytes));
    }
    for (const other of SUITES) {
      if (other !== suite) expectCode('invalid_private_key', () => importPrivateKey(other, key.der));
    }
  });

  test('truncated anywhere, or followed by a byte: refused', () => {
    for (let length = 0; length < key.der.length; length++) {
      expectCode('invalid_private_key', () => importPrivateKey(suite, key.der.subarray(0, length)));
    }
    expectCode('invalid_private_key', () => importPrivateKey(suite, Buffer.concat([key.der, hex('00')])));
  });

  test('a flipped bit outside the scalar and the point is refused; elsewhere nothing but our error comes', () => {
    const scalarAt = key.der.indexOf(key.scalar);
    const pointAt = key.der.indexOf(key.point);
    const structural = [...key.der.keys()].filter(
      (at) => !(at >= scalarAt && at < scalarAt + key.scalar.length) && at < pointAt,
    );
    for (const at of structural) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = Buffer.from(key.der);
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        expectCode('invalid_private_key', () => importPrivateKey(suite, changed));
      }
    }
    for (const at of key.der.keys()) {
      const changed = Buffer.from(key.der);
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      try {
        importPrivateKey(suite, changed);
      } catch (error) {
        expect(error).toBeInstanceOf(HpkeError);
      }
    }
  });

  test('a length in long form where the short one would do is refused', () => {
    const length = key.der.indexOf(Buffer.concat([hex('020101'), hex('04')])) + 4;
    const long = Buffer.concat([key.der.subarray(0, length), hex('81'), key.der.subarray(length)]);
    expectCode('invalid_private_key', () => importPrivateKey(suite, long));
  });

  test('noise is refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) =>
        expectCode('invalid_private_key', () => importPrivateKey(suite, bytes)),
      ),
      { numRuns: 100 },
    );
  });
});
