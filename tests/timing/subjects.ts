// SPDX-License-Identifier: Apache-2.0
import { createSecretKey, diffieHellman, generateKeyPairSync, randomBytes } from 'node:crypto';
import { P384, suiteId } from '@enclave-vault/hpke';
import { importPrivateKey } from '@enclave-vault/hpke/open';
import { generateKeyPair } from '@enclave-vault/hpke/seal';
import { type MacInput, recordMac, verifyRecordMac } from '@enclave-vault/records';
import type { Vault } from '@enclave-vault/vault';
import { equalBytes } from '../../host/vault/src/util/bytes.ts';
import type { Subject } from './measure.ts';

const MAC_BYTES = 32;
const EXPECTED = randomBytes(MAC_BYTES);
const FIRST_OR_LAST = ['the first byte is wrong', 'the last byte is wrong'] as const;

/** The right bytes but for one. */
function wrongAt(right: Uint8Array, index: number): Buffer {
  const bytes = Buffer.from(right);
  bytes[index] = (bytes[index] ?? 0) ^ 0xff;
  return bytes;
}

const firstOrLast =
  (right: Uint8Array) =>
  (kind: 'a' | 'b'): Buffer =>
    wrongAt(right, kind === 'a' ? 0 : right.length - 1);

/** As it must not be done. */
function naiveEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}

/** What has to be seen, or nothing was. */
export const CONTROL: Subject = {
  name: 'control: a comparison that ends at the first difference',
  classes: FIRST_OR_LAST,
  calls: 100,
  samples: 10_000,
  input: firstOrLast(EXPECTED),
  run: (input: Buffer) => naiveEqual(EXPECTED, input),
};

const MAC_KEY = createSecretKey(randomBytes(32));
const RECORD: MacInput = {
  id: 'v_01HV1XW70Q03PHK892JFQAY0Z5',
  tenant: 'default',
  hs: suiteId(P384),
  pk: randomBytes(120),
  sk: randomBytes(200),
  kk: 'arn:aws:kms:eu-central-1:111122223333:key/1',
  sv: 1,
  rev: 1,
  fields: new Map([['dob', randomBytes(150)]]),
};

/** How many times the control's leak the next one has: what is measured there takes five hundred times as long, and is as much noisier. */
const LOUDER = 16;

/** What a leak looks like beside the making of a MAC: it says what size of one would have been seen. */
export const MAC_CONTROL: Subject = {
  name: `control: a record’s MAC, compared that way ${LOUDER} times`,
  classes: FIRST_OR_LAST,
  calls: 1,
  samples: 20_000,
  input: firstOrLast(recordMac(MAC_KEY, RECORD)),
  run: (input: Buffer) => {
    const mac = recordMac(MAC_KEY, RECORD);
    let equal = true;
    for (let time = 0; time < LOUDER; time += 1) equal = naiveEqual(mac, input) && equal;
    return equal;
  },
};

export const SUBJECTS: readonly Subject[] = [
  {
    ...CONTROL,
    name: 'equalBytes, of MACs, chain states and hashes of secrets',
    run: (input: Buffer) => equalBytes(EXPECTED, input),
  },
  {
    ...MAC_CONTROL,
    name: 'verifyRecordMac',
    run: (input: Buffer) => verifyRecordMac(MAC_KEY, RECORD, input),
  },
];

/** Of an open vault, all of whose API keys were made for this. */
export function authentication(
  vault: Vault,
  token: string,
  clock: { offset: number },
): Record<'judged' | 'reported', Subject[]> {
  // A secret may have a `_` of its own: evk_, 26 characters of an id, _.
  const split = 'evk_'.length + 26 + '_'.length;
  const [id, secret] = [token.slice(0, split), token.slice(split)];
  const secretOf = (length: number): string => {
    // The right characters up to `length`, the next one wrong.
    const next = secret[length] === 'A' ? 'B' : 'A';
    return (
      secret.slice(0, length) +
      next +
      randomBytes(32)
        .toString('base64url')
        .slice(length + 1, 43)
    );
  };
  const unknown = id.replace(/.{10}_$/, 'ZZZZZZZZZZ_');
  const ask = async (given: string): Promise<void> => {
    try {
      await vault.authenticate(given);
    } catch {
      return;
    }
    throw new Error('a wrong secret was taken');
  };
  const base = { calls: 8, samples: 5_000 };
  return {
    judged: [
      {
        ...base,
        name: 'authenticate, by how much of the secret is right',
        classes: ['nothing of the secret is right', 'all but the last character is right'],
        input: (kind) => id + secretOf(kind === 'a' ? 0 : 42),
        run: ask,
      },
    ],
    // An id has 80 random bits and is no secret; that there is such a key can be told by who may measure microseconds beside the process.
    reported: [
      {
        ...base,
        name: 'authenticate, by whether there is such a key (both asked for a moment ago)',
        classes: ['no such key', 'a key, and a wrong secret'],
        input: (kind) => (kind === 'a' ? unknown : id) + secretOf(0),
        run: ask,
      },
      {
        calls: 1,
        samples: 1_500,
        name: 'authenticate, by whether there is such a key (neither asked for lately)',
        classes: ['no such key', 'a key, and a wrong secret'],
        input: (kind) => (kind === 'a' ? unknown : id) + secretOf(0),
        run: async (given: string) => {
          clock.offset += 2_000_000;
          await ask(given);
        },
      },
    ],
  };
}

/** OpenSSL's own work on a private key: what it shows is reported and not judged, since nothing here could change it. */
export const OPENSSL: readonly Subject[] = [
  {
    name: 'importPrivateKey, P-384',
    classes: ['one key', 'keys at random'],
    calls: 1,
    samples: 3_000,
    input: (kind) => (kind === 'a' ? FIXED : newKey()),
    run: (der: Buffer) => importPrivateKey(P384, der),
  },
  {
    name: 'ECDH, P-384',
    classes: ['one private key', 'private keys at random'],
    calls: 1,
    samples: 1_500,
    input: (kind) => importPrivateKey(P384, kind === 'a' ? FIXED : newKey()),
    run: (privateKey: ReturnType<typeof importPrivateKey>) => diffieHellman({ privateKey, publicKey: PEER }),
  },
];

const newKey = (): Buffer => generateKeyPair(P384).privateKey.export({ format: 'der', type: 'pkcs8' });
const FIXED = newKey();
const PEER = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey;
