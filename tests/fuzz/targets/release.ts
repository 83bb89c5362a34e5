// SPDX-License-Identifier: Apache-2.0
import { createHash, generateKeyPairSync } from 'node:crypto';
import { openEnvelope, sealEnvelope } from '@enclave-vault/eif';
import {
  checkFile,
  PARTS,
  RELEASE_TYPE,
  type Release,
  ReleaseError,
  signRelease,
  verifyRelease,
} from '@enclave-vault/release';
import { holds, refusesWith, sameBytes, type Target } from '../target.ts';

const SOURCE = 'verifier/release/src';
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const RELEASE: Release = {
  version: '1.2.3-rc.1',
  issued: Date.UTC(2026, 0),
  files: Object.fromEntries(
    PARTS.map((part, index) => [part, { path: `${part}.zip`, bytes: 1 + index, sha256: 'ab'.repeat(32) }]),
  ) as Release['files'],
  image: {
    name: 'a',
    architecture: 'x86_64',
    pcr0: 'ab'.repeat(48),
    pcr1: 'cd'.repeat(48),
    pcr2: 'ef'.repeat(48),
    pcr8: '12'.repeat(48),
  },
};
const SIGNED = signRelease(RELEASE, privateKey);
const PAYLOAD = openEnvelope(RELEASE_TYPE, SIGNED, publicKey);
const FILE = Buffer.from('contents of a file');
const WORDS = [
  '{',
  '}',
  '"',
  ':',
  ',',
  'null',
  '"v":1',
  '"version":',
  '"files":',
  '"image":',
  '"path":',
  'release.json',
  '../',
  '"__proto__":',
  '"pcr3":',
  '"payload":',
  '"signatures":',
  '1e99',
];

export const release: readonly Target[] = [
  {
    name: 'release: verifyRelease',
    covers: [`${SOURCE}/release.ts#verifyRelease`],
    seeds: () => [SIGNED],
    words: WORDS,
    refuses: refusesWith(ReleaseError, /^release_/),
    run: (input) => {
      verifyRelease(input, publicKey);
      sameBytes(openEnvelope(RELEASE_TYPE, input, publicKey), PAYLOAD, 'only what was signed opens');
    },
  },
  {
    name: 'release: contents of a signed release',
    covers: [],
    seeds: () => [PAYLOAD],
    words: WORDS,
    refuses: refusesWith(ReleaseError, /^release_(?:payload_invalid|malformed)$/),
    run: (input) => {
      const { files, image } = verifyRelease(sealEnvelope(RELEASE_TYPE, input, privateKey), publicKey);
      const paths = PARTS.map((part) => files[part].path);
      holds(new Set(paths).size === PARTS.length, 'each part is a file of its own');
      for (const path of paths) holds(/^[a-z0-9][a-z0-9._-]*$/.test(path), 'files lie beside the manifest');
      holds(image.pcr8 !== undefined && !('pcr3' in image), 'an image is signed, and no deployment’s');
    },
  },
  {
    name: 'release: checkFile',
    covers: [`${SOURCE}/check-files.ts#checkFile`],
    seeds: () => [FILE],
    maxLength: 256,
    refuses: refusesWith(ReleaseError, /^release_file_other$/),
    run: async (input) => {
      const sha256 = createHash('sha256').update(FILE).digest('hex');
      await checkFile({ path: 'a.zip', bytes: FILE.length, sha256 }, pieces(input));
      sameBytes(input, FILE, 'there is one file of a hash');
    },
  },
];

async function* pieces(input: Buffer): AsyncGenerator<Uint8Array> {
  yield input.subarray(0, 5);
  yield input.subarray(5);
}
