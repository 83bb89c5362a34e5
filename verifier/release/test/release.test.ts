// SPDX-License-Identifier: Apache-2.0
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { EifError } from '@enclave-vault/eif';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkFile,
  MAX_RELEASE,
  PARTS,
  partsOf,
  RELEASE_TYPE,
  type Release,
  ReleaseError,
  type ReleaseErrorCode,
  signRelease,
  signReleaseBy,
  verifyRelease,
} from '../src/index.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
const OTHER = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const sha384 = (text: string): string => createHash('sha384').update(text).digest('hex');

const RELEASE: Release = {
  version: '1.2.3-rc.1',
  issued: Date.UTC(2030, 1, 2, 3, 4, 5),
  files: Object.fromEntries(
    PARTS.map((part) => [part, { path: `${part}.zip`, bytes: 4, sha256: sha256(part) }]),
  ) as Release['files'],
  image: {
    name: 'enclave',
    architecture: 'aarch64',
    pcr0: sha384('0'),
    pcr1: sha384('1'),
    pcr2: sha384('2'),
    pcr8: sha384('8'),
  },
};

/** An envelope by hand, from the DSSE specification. */
function envelope(payload: unknown, type = RELEASE_TYPE): Buffer {
  const content = Buffer.isBuffer(payload)
    ? payload
    : Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${content.length} `;
  const signed = Buffer.concat([Buffer.from(head), content]);
  const sig = sign('sha384', signed, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return Buffer.from(
    JSON.stringify({
      payloadType: type,
      payload: content.toString('base64'),
      signatures: [{ sig: sig.toString('base64') }],
    }),
  );
}

const PAYLOAD = { ...RELEASE, v: 1, issued: '2030-02-02T03:04:05Z' };

function refuses(action: () => unknown, code: ReleaseErrorCode): void {
  expect(action).toThrow(expect.objectContaining({ name: 'ReleaseError', code }));
}

describe('a release manifest', () => {
  test('comes back as it was signed', () => {
    expect(verifyRelease(signRelease(RELEASE, privateKey), publicKey)).toEqual(RELEASE);
    expect(verifyRelease(envelope(PAYLOAD), publicKey)).toEqual(RELEASE);
  });

  test('has bills of materials or, made before there were any, none', () => {
    const sbom = { path: 'sbom.zip', bytes: 5, sha256: sha256('sbom') };
    const files = { ...RELEASE.files, sbom };
    const release = verifyRelease(signRelease({ ...RELEASE, files }, privateKey), publicKey);
    expect(release.files).toEqual(files);
    expect(partsOf(release.files)).toEqual([...PARTS, 'sbom']);
    expect(partsOf(RELEASE.files)).toEqual(PARTS);
    const same = { ...files, sbom: { ...sbom, path: 'api.zip' } };
    refuses(() => verifyRelease(envelope({ ...PAYLOAD, files: same }), publicKey), 'release_payload_invalid');
    const nothing = { ...files, sbom: null };
    refuses(
      () => verifyRelease(envelope({ ...PAYLOAD, files: nothing }), publicKey),
      'release_payload_invalid',
    );
  });

  test('is refused under another key, and with any bit changed', () => {
    const bytes = signRelease(RELEASE, privateKey);
    refuses(() => verifyRelease(bytes, OTHER.publicKey), 'release_signature_invalid');
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ change;
        try {
          // Only what carries no meaning may change: the key id is a hint, white space is none.
          expect(verifyRelease(changed, publicKey)).toEqual(RELEASE);
        } catch (error) {
          expect(error).toBeInstanceOf(ReleaseError);
        }
      }),
    );
  });

  test('is refused when the envelope is of another type, as a signed measurement manifest is', () => {
    const type = 'application/vnd.enclave-vault.measurements.v1+json';
    refuses(() => verifyRelease(envelope(PAYLOAD, type), publicKey), 'release_type');
  });

  test('is refused before it is parsed when it is too long, genuine or not', () => {
    refuses(() => verifyRelease(Buffer.alloc(MAX_RELEASE + 1, ' '), publicKey), 'release_malformed');
    // White space after a JSON text says nothing: only its length can be wrong.
    const padded = Buffer.alloc(MAX_RELEASE + 1, ' ');
    envelope(PAYLOAD).copy(padded);
    refuses(() => verifyRelease(padded, publicKey), 'release_malformed');
    expect(verifyRelease(padded.subarray(0, MAX_RELEASE), publicKey)).toEqual(RELEASE);
  });

  test('carries its own type, by which nothing else is taken for it', () => {
    const { payloadType } = JSON.parse(signRelease(RELEASE, privateKey).toString());
    expect(payloadType).toBe('application/vnd.enclave-vault.release.v1+json');
  });

  test.each(['1.2.3', '10.200.3000', '1.2.3-0', `0.0.999999-${'a'.repeat(32)}`])(
    'has versions such as %s',
    (version) => {
      expect(verifyRelease(envelope({ ...PAYLOAD, version }), publicKey).version).toBe(version);
    },
  );

  test('refuses with its own codes, and says what the envelope’s reader said', () => {
    const cause = expect.any(EifError);
    expect(() => verifyRelease(signRelease(RELEASE, privateKey), OTHER.publicKey)).toThrow(
      expect.objectContaining({ code: 'release_signature_invalid', cause }),
    );
    expect(new ReleaseError('release_type').message).toMatch(/than a release$/);
  });

  const { api } = RELEASE.files;
  const withApi = (change: object): unknown => ({
    ...PAYLOAD,
    files: { ...RELEASE.files, api: { ...api, ...change } },
  });
  const badText = Buffer.from(JSON.stringify({ ...PAYLOAD, image: { ...RELEASE.image, name: '?' } }));
  const { pcr8, ...unsigned } = RELEASE.image;
  test.each<[string, unknown]>([
    ['no object', '[]'],
    ['no JSON', '{'],
    ['null', 'null'],
    ['a name that is no UTF-8', Buffer.from(badText.map((byte) => (byte === 0x3f ? 0xff : byte)))],
    ['another version of the format', { ...PAYLOAD, v: 2 }],
    ['a member more', { ...PAYLOAD, note: 'x' }],
    ['a version that is none', { ...PAYLOAD, version: '1.2' }],
    ['a version that would be a path', { ...PAYLOAD, version: '1.2.3-../x' }],
    ['a version after something else', { ...PAYLOAD, version: 'v1.2.3' }],
    ['a version in a list', { ...PAYLOAD, version: ['1.2.3'] }],
    ['a time in a list', { ...PAYLOAD, issued: [PAYLOAD.issued] }],
    ['a time with more digits of the year', { ...PAYLOAD, issued: `+00${PAYLOAD.issued}` }],
    ['a time with a note', { ...PAYLOAD, issued: `${PAYLOAD.issued} (noon)` }],
    ['no files', { ...PAYLOAD, files: null }],
    ['no file', { ...PAYLOAD, files: { ...RELEASE.files, api: null } }],
    ['a path in a list', withApi({ path: ['api.zip'] })],
    ['a path that goes on after a name', withApi({ path: 'api.zip/../../x' })],
    ['a path of 129 characters', withApi({ path: 'a'.repeat(129) })],
    ['a file of more than 2 GiB', withApi({ bytes: 2 ** 31 + 1 })],
    ['a digest in a list', withApi({ sha256: [api.sha256] })],
    ['a digest of 65 digits', withApi({ sha256: `${api.sha256}0` })],
    ['a digest after something else', withApi({ sha256: `x${api.sha256}` })],
    ['a time that is none', { ...PAYLOAD, issued: '2030-99-99T99:99:99Z' }],
    ['a part less', { ...PAYLOAD, files: { ...RELEASE.files, parent: undefined } }],
    ['a part more', { ...PAYLOAD, files: { ...RELEASE.files, other: api } }],
    ['two parts in one file', { ...PAYLOAD, files: { ...RELEASE.files, parent: api } }],
    [
      'a path that leaves the folder',
      { ...PAYLOAD, files: { ...RELEASE.files, api: { ...api, path: '../a' } } },
    ],
    ['an absolute path', { ...PAYLOAD, files: { ...RELEASE.files, api: { ...api, path: '/etc/x' } } }],
    [
      'the manifest itself',
      { ...PAYLOAD, files: { ...RELEASE.files, api: { ...api, path: 'release.json' } } },
    ],
    ['an empty file', { ...PAYLOAD, files: { ...RELEASE.files, api: { ...api, bytes: 0 } } }],
    ['a size that is no number', { ...PAYLOAD, files: { ...RELEASE.files, api: { ...api, bytes: '4' } } }],
    [
      'a digest in capitals',
      { ...PAYLOAD, files: { ...RELEASE.files, api: { ...api, sha256: 'A'.repeat(64) } } },
    ],
    ['a file with a member more', { ...PAYLOAD, files: { ...RELEASE.files, api: { ...api, mode: 1 } } }],
    ['an image that is not signed', { ...PAYLOAD, image: unsigned }],
    ['an image in debug mode', { ...PAYLOAD, image: { ...RELEASE.image, pcr0: '0'.repeat(96) } }],
    ['an image of one role', { ...PAYLOAD, image: { ...RELEASE.image, pcr3: pcr8 } }],
    ['an image of one configuration', { ...PAYLOAD, image: { ...RELEASE.image, pcr16: pcr8 } }],
  ])('with %s is refused, and never signed', (_, payload) => {
    refuses(() => verifyRelease(envelope(payload), publicKey), 'release_payload_invalid');
  });

  test('has files of up to 2 GiB, with names of up to 128 characters', () => {
    const bytes = 2 ** 31;
    const path = 'a'.repeat(128);
    expect(verifyRelease(envelope(withApi({ path, bytes })), publicKey).files.api).toEqual({
      path,
      bytes,
      sha256: api.sha256,
    });
  });

  test('is not signed when it would not be read back', () => {
    refuses(() => signRelease({ ...RELEASE, version: 'x' }, privateKey), 'release_payload_invalid');
    const p256 = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    refuses(() => signRelease(RELEASE, p256.privateKey), 'key_invalid');
  });
});

describe('a file of a release', () => {
  const file = { path: 'api.zip', bytes: 6, sha256: sha256('abcdef') };
  async function* chunks(...texts: readonly string[]) {
    for (const text of texts) yield Buffer.from(text);
  }

  test('is the one that was signed, however it is cut', async () => {
    await expect(checkFile(file, chunks('abcdef'))).resolves.toBeUndefined();
    await expect(checkFile(file, chunks('a', '', 'bcde', 'f'))).resolves.toBeUndefined();
  });

  test.each([['abcdeg'], ['abcde'], ['abcdef', 'g'], []])(
    'of other bytes is refused: %j',
    async (...texts) => {
      const other = { code: 'release_file_other', message: expect.stringContaining('api.zip') };
      await expect(checkFile(file, chunks(...texts))).rejects.toMatchObject(other);
    },
  );

  test('that never ends is not read to its end', async () => {
    let read = 0;
    async function* endless() {
      for (;;) yield Buffer.alloc(++read);
    }
    await expect(checkFile(file, endless())).rejects.toMatchObject({ code: 'release_file_other' });
    // One, two and three bytes are what it may have; the fourth chunk is one too many.
    expect(read).toBe(4);
  });
});

describe('a manifest signed by a key that is somewhere else', () => {
  const es384 = (message: Uint8Array, key = privateKey): Buffer =>
    sign('sha384', message, { key, dsaEncoding: 'ieee-p1363' });

  test('says the same, and verifies', async () => {
    const signed = await signReleaseBy(RELEASE, { publicKey, sign: async (message) => es384(message) });
    expect(verifyRelease(signed, publicKey)).toEqual(RELEASE);
    const { payload } = JSON.parse(signRelease(RELEASE, privateKey).toString());
    expect(JSON.parse(signed.toString()).payload).toBe(payload);
  });

  test.each([
    ['another key’s signature', (message: Uint8Array) => es384(message, OTHER.privateKey)],
    ['a signature of something else', () => es384(Buffer.from('else'))],
    ['no signature at all', () => Buffer.alloc(96)],
  ])('is not handed out with %s', async (_, answer) => {
    const signer = { publicKey, sign: async (message: Uint8Array) => answer(message) };
    await expect(signReleaseBy(RELEASE, signer)).rejects.toMatchObject({ code: 'release_signature_invalid' });
  });

  test('is not signed when it would not be read back', async () => {
    let asked = 0;
    const counted = async (message: Uint8Array): Promise<Buffer> => {
      asked += 1;
      return es384(message);
    };
    const signer = { publicKey, sign: counted };
    await expect(signReleaseBy({ ...RELEASE, version: 'one' }, signer)).rejects.toMatchObject({
      code: 'release_payload_invalid',
    });
    expect(asked).toBe(0);
  });

  test('fails as its signer fails', async () => {
    const gone = new Error('gone');
    await expect(signReleaseBy(RELEASE, { publicKey, sign: () => Promise.reject(gone) })).rejects.toBe(gone);
  });
});
