// SPDX-License-Identifier: Apache-2.0
import { createHash, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  EifError,
  type EifErrorCode,
  type ImageMeasurements,
  keyId,
  MANIFEST_TYPE,
  MAX_MANIFEST,
  measurementsOf,
  openEnvelope,
  readManifest,
  sealEnvelopeBy,
  signManifest,
  verifyManifest,
} from '../src/index.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
const P256 = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const OTHER = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
const ISSUED = Date.UTC(2030, 1, 2, 3, 4, 5);

const value = (name: string): string => createHash('sha384').update(name).digest('hex');

function image(name: string): ImageMeasurements & Record<'pcr3' | 'pcr8' | 'pcr16', string> {
  return {
    name,
    architecture: 'x86_64',
    pcr0: value(`${name}0`),
    pcr1: value('kernel'),
    pcr2: value(`${name}2`),
    pcr3: value('role'),
    pcr8: value('certificate'),
    pcr16: value('configuration'),
  };
}

const MANIFEST = { issued: ISSUED, images: [image('old'), image('new')] };

function refuses(action: () => unknown, code: EifErrorCode): void {
  expect(action).toThrow(expect.objectContaining({ code }));
}

/** An envelope by hand, from the DSSE specification. */
function envelope(
  payload: string,
  type = MANIFEST_TYPE,
): { payloadType: string; payload: string; signatures: unknown[] } {
  const signed = Buffer.from(
    `DSSEv1 ${Buffer.byteLength(type)} ${type} ${Buffer.byteLength(payload)} ${payload}`,
  );
  const sig = sign('sha384', signed, { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64');
  return { payloadType: type, payload: Buffer.from(payload).toString('base64'), signatures: [{ sig }] };
}

const text = (object: unknown): Buffer => Buffer.from(JSON.stringify(object));

describe('manifest', () => {
  test('comes back as it was signed, whole or as what a key policy pins', () => {
    const bytes = signManifest(MANIFEST, privateKey);
    expect(verifyManifest(bytes, publicKey)).toEqual(MANIFEST);
    const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
    expect(readManifest(bytes, pem)).toEqual({
      pcr0: [value('old0'), value('new0')],
      pcr1: [value('kernel')],
      pcr2: [value('old2'), value('new2')],
      pcr3: [value('role')],
      pcr8: [value('certificate')],
      pcr16: [value('configuration')],
    });
  });

  test('is an envelope as the specification of DSSE has it', () => {
    const payload = JSON.stringify({ v: 1, issued: '2030-02-02T03:04:05Z', images: MANIFEST.images });
    expect(verifyManifest(text(envelope(payload)), publicKey)).toEqual(MANIFEST);
    const written = JSON.parse(signManifest(MANIFEST, privateKey).toString()) as ReturnType<typeof envelope>;
    expect(written).toMatchObject({ payloadType: MANIFEST_TYPE, signatures: [{ keyid: keyId(publicKey) }] });
    expect(Buffer.from(written.payload, 'base64').toString()).toBe(payload);
  });

  test('holds under one of several signatures, whatever their key ids say', () => {
    const ours = envelope(JSON.stringify({ v: 1, issued: '2030-02-02T03:04:05Z', images: MANIFEST.images }));
    const bytes = text({
      ...ours,
      signatures: [
        { keyid: keyId(publicKey), sig: Buffer.alloc(96, 1).toString('base64') },
        ...ours.signatures,
      ],
    });
    expect(verifyManifest(bytes, publicKey)).toEqual(MANIFEST);
  });

  test('is refused under another key, and with any change', () => {
    const bytes = signManifest(MANIFEST, privateKey);
    refuses(() => verifyManifest(bytes, OTHER.publicKey), 'manifest_signature_invalid');
    const object = JSON.parse(bytes.toString()) as ReturnType<typeof envelope>;
    const payload = Buffer.from(object.payload, 'base64').toString();
    const forged = {
      ...object,
      payload: Buffer.from(payload.replace(value('new0'), value('evil'))).toString('base64'),
    };
    refuses(() => verifyManifest(text(forged), publicKey), 'manifest_signature_invalid');
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ change;
        try {
          // White space, the key id and a hair's breadth of JSON may change; what is signed may not.
          expect(verifyManifest(changed, publicKey)).toEqual(MANIFEST);
        } catch (error) {
          if (!(error instanceof EifError)) throw error;
        }
      }),
      { numRuns: 300 },
    );
  });

  test('is refused under keys of other kinds', () => {
    const bytes = signManifest(MANIFEST, privateKey);
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    for (const key of [P256.publicKey, rsa.publicKey, privateKey, 'no key']) {
      refuses(() => verifyManifest(bytes, key), 'key_invalid');
    }
    for (const key of [P256.privateKey, rsa.privateKey, publicKey]) {
      refuses(() => signManifest(MANIFEST, key), 'key_invalid');
    }
  });

  test.each<[string, EifErrorCode, Buffer]>([
    ['nothing', 'manifest_malformed', Buffer.alloc(0)],
    ['no object', 'manifest_malformed', Buffer.from('[]')],
    ['no signatures', 'manifest_malformed', text({ ...envelope('{}'), signatures: [] })],
    [
      'too many signatures',
      'manifest_malformed',
      text({ ...envelope('{}'), signatures: Array(9).fill({ sig: 'AA==' }) }),
    ],
    ['a signature that is none', 'manifest_malformed', text({ ...envelope('{}'), signatures: [1] })],
    [
      'a short signature',
      'manifest_signature_invalid',
      text({ ...envelope('{}'), signatures: [{ sig: 'AAAA' }] }),
    ],
    ['no payload', 'manifest_malformed', text({ ...envelope('{}'), payload: '' })],
    ['base64 of another kind', 'manifest_malformed', text({ ...envelope('{}'), payload: '__' })],
    ['another type', 'manifest_type', text(envelope('{}', 'application/vnd.in-toto+json'))],
    [
      'another type under our name',
      'manifest_signature_invalid',
      text({ ...envelope('{}', 'text/plain'), payloadType: MANIFEST_TYPE }),
    ],
    ['too much', 'manifest_malformed', Buffer.alloc(1024 * 1024 + 1, ' ')],
  ])('refuses %s', (_, code, bytes) => refuses(() => verifyManifest(bytes, publicKey), code));

  const whole = { v: 1, issued: '2030-02-02T03:04:05Z', images: [image('a')] };
  test.each<[string, unknown]>([
    ['no JSON', undefined],
    ['another version', { ...whole, v: 2 }],
    ['more members', { ...whole, more: 1 }],
    ['no images', { ...whole, images: [] }],
    ['too many images', { ...whole, images: Array(33).fill(image('a')) }],
    ['no time', { ...whole, issued: 'now' }],
    ['a time that is none', { ...whole, issued: '2030-13-41T00:00:00Z' }],
    ['an image that is none', { ...whole, images: [null] }],
    ['an image without PCR0', { ...whole, images: [{ ...image('a'), pcr0: undefined }] }],
    [
      'a register of zeroes, as in debug mode',
      { ...whole, images: [{ ...image('a'), pcr0: '0'.repeat(96) }] },
    ],
    ['capitals', { ...whole, images: [{ ...image('a'), pcr0: 'A'.repeat(96) }] }],
    ['a register that no policy pins', { ...whole, images: [{ ...image('a'), pcr4: value('x') }] }],
    ['another architecture', { ...whole, images: [{ ...image('a'), architecture: 'riscv64' }] }],
    ['a name in a list', { ...whole, images: [{ ...image('a'), name: ['a'] }] }],
    ['a register in a list', { ...whole, images: [{ ...image('a'), pcr0: [value('a0')] }] }],
    ['a register of 97 digits', { ...whole, images: [{ ...image('a'), pcr0: `${value('a0')}0` }] }],
    ['a register after something else', { ...whole, images: [{ ...image('a'), pcr0: `x${value('a0')}` }] }],
    ['a day', { ...whole, issued: '2030-02-02' }],
    ['a time in a list', { ...whole, issued: [whole.issued] }],
    ['a time with more digits of the year', { ...whole, issued: `+00${whole.issued}` }],
    ['a name with a line break', { ...whole, images: [{ ...image('a'), name: 'a\nb' }] }],
  ])('refuses a payload with %s', (_, payload) => {
    const bytes = text(envelope(payload === undefined ? '{' : JSON.stringify(payload)));
    refuses(() => verifyManifest(bytes, publicKey), 'manifest_payload_invalid');
  });

  test('has one image or 32, of either architecture', () => {
    const arm = { ...image('a'), architecture: 'aarch64' };
    for (const images of [[arm], Array(32).fill(image('a'))]) {
      const bytes = text(envelope(JSON.stringify({ ...whole, images })));
      expect(verifyManifest(bytes, publicKey).images).toEqual(images);
    }
  });

  test('holds under the last of eight signatures', () => {
    const ours = envelope(JSON.stringify(whole));
    const bad = { sig: Buffer.alloc(96, 1).toString('base64') };
    const bytes = text({ ...ours, signatures: [...Array(7).fill(bad), ...ours.signatures] });
    expect(verifyManifest(bytes, publicKey).images).toEqual(whole.images);
  });

  test('is refused when it is too long, though genuine', () => {
    // White space after a JSON text says nothing: only its length can be wrong.
    const padded = Buffer.alloc(MAX_MANIFEST + 1, ' ');
    text(envelope(JSON.stringify(whole))).copy(padded);
    refuses(() => verifyManifest(padded, publicKey), 'manifest_malformed');
    expect(verifyManifest(padded.subarray(0, MAX_MANIFEST), publicKey).images).toEqual(whole.images);
  });

  test('is never signed when it would not be read back', () => {
    refuses(() => signManifest({ issued: ISSUED, images: [] }, privateKey), 'manifest_payload_invalid');
  });

  test.each(['pcr3', 'pcr8', 'pcr16'] as const)('of a release, without %s, is no key policy', (register) => {
    const { [register]: _, ...released } = image('a');
    const manifest = { issued: ISSUED, images: [image('b'), released] };
    const bytes = signManifest(manifest, privateKey);
    expect(verifyManifest(bytes, createPublicKey(privateKey))).toEqual(manifest);
    refuses(() => readManifest(bytes, publicKey), 'manifest_incomplete');
    refuses(() => measurementsOf(manifest), 'manifest_incomplete');
  });
});

describe('an envelope signed by a key that is somewhere else', () => {
  const type = 'text/plain';
  const payload = Buffer.from('any bytes');
  const by =
    (key = privateKey) =>
    async (message: Uint8Array): Promise<Buffer> =>
      sign('sha384', message, { key, dsaEncoding: 'ieee-p1363' });

  test('opens with that key', async () => {
    const bytes = await sealEnvelopeBy(type, payload, { publicKey, sign: by() });
    expect(openEnvelope(type, bytes, publicKey)).toEqual(payload);
  });

  test('is handed out with no signature but that key’s', async () => {
    for (const signMessage of [by(OTHER.privateKey), async () => Buffer.alloc(96, 1)]) {
      await expect(sealEnvelopeBy(type, payload, { publicKey, sign: signMessage })).rejects.toMatchObject({
        name: 'EifError',
        code: 'manifest_signature_invalid',
      });
    }
  });
});
