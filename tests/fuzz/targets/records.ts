// SPDX-License-Identifier: Apache-2.0
import { P256, P384, P521, type Suite, suiteId } from '@enclave-vault/hpke';
import { generateKeyPair, setupSender } from '@enclave-vault/hpke/seal';
import {
  isFieldName,
  isTenant,
  isUlidVaultId,
  isVaultId,
  RecordsError,
  recordMac,
  verifyRecordMac,
} from '@enclave-vault/records';
import { openFields } from '@enclave-vault/records/open';
import { sealFields } from '@enclave-vault/records/seal';
import { info3 } from '../../../trusted/records/src/context.ts';
import { encode3, encodingOf, parseSealed } from '../../../trusted/records/src/encodings.ts';
import { isJson } from '../../../trusted/records/src/json.ts';
import { pad, unpad } from '../../../trusted/records/src/padding.ts';
import { Broken, holds, refusesNothing, refusesWith, sameBytes, type Target } from '../target.ts';
import { jsonVector } from './samples.ts';

const SOURCE = 'trusted/records/src';
const IDENTITY = { tenant: 'default', vaultId: 'v_01HV1XW70Q03PHK892JFQAY0Z5' };
const SUITES: readonly Suite[] = [P256, P384, P521];
const SAMPLE = jsonVector<{ private_key_pkcs8_base64: string; value: string }>('sample-vault-record-v1.json');
const PRIVATE_KEY = Buffer.from(SAMPLE.private_key_pkcs8_base64, 'base64');
const { publicKey } = generateKeyPair(P384);

const plain = (suite: Suite): Buffer =>
  Buffer.concat([Buffer.of(3, 0, 0, 4), Buffer.alloc(suite.encLength - 1 + 40, 5)]);

export const records: readonly Target[] = [
  {
    name: 'records: parseSealed',
    covers: [`${SOURCE}/encodings.ts#parseSealed`, `${SOURCE}/encodings.ts#encode3`],
    seeds: () => [
      ...SUITES.map(plain),
      Buffer.from(SAMPLE.value),
      ...SUITES.map((suite) => plain(suite).subarray(3)),
    ],
    words: ['#', Buffer.of(3), Buffer.of(4)],
    refuses: refusesNothing,
    run: (input) => {
      for (const suite of SUITES) {
        const bytes = parseSealed(suite, input);
        if (bytes !== undefined) {
          const { encoding, seq, enc, ciphertext } = bytes;
          const again = encoding === 3 ? encode3(seq, enc, ciphertext) : Buffer.concat([enc, ciphertext]);
          sameBytes(again, input, 'what was taken apart is put together the same');
        }
        const text = input.toString('latin1');
        const one = parseSealed(suite, text);
        if (one !== undefined) {
          const hex = [one.enc, one.ciphertext].map((part) => Buffer.from(part).toString('hex')).join('#');
          holds(hex === text.toLowerCase(), 'encoding 1 is put together the same');
        }
      }
    },
  },
  {
    name: 'records: encodingOf',
    covers: [`${SOURCE}/encodings.ts#encodingOf`],
    seeds: () => [Buffer.of(3), Buffer.of(4), Buffer.alloc(0)],
    refuses: refusesWith(RecordsError, /^unknown_encoding$/),
    maxLength: 64,
    run: (input) => {
      const encoding = encodingOf(input);
      for (const suite of SUITES) {
        const sealed = parseSealed(suite, input);
        holds(sealed === undefined || sealed.encoding === encoding, 'both name one encoding');
      }
    },
  },
  {
    name: 'records: unpad',
    covers: [`${SOURCE}/padding.ts#unpad`, `${SOURCE}/padding.ts#pad`],
    seeds: () => [pad(''), pad('"x"'), pad('a'.repeat(31)), pad('a'.repeat(32))],
    words: [Buffer.of(0x80), Buffer.alloc(31)],
    maxLength: 256,
    refuses: refusesNothing,
    run: (input) => {
      const bytes = unpad(input);
      if (bytes === undefined) return;
      // Where the contents are text, padding it gives the same bytes; latin1 keeps each byte below 0x80 as it is.
      const text = bytes.toString('latin1');
      if (bytes.every((byte) => byte < 0x80)) sameBytes(pad(text), input, 'padding has one form');
    },
  },
  {
    name: 'records: names and JSON',
    covers: [
      ...['isFieldName', 'isTenant', 'isUlidVaultId', 'isVaultId'].map(
        (name) => `${SOURCE}/names.ts#${name}`,
      ),
      `${SOURCE}/json.ts#isJson`,
    ],
    seeds: () =>
      [IDENTITY.vaultId, 'v_2hRK9u2DOzmAPMhdVNt9qlJ3UvL', 'default', 'first_name', '{"a":[1,"é"]}'].map(
        (text) => Buffer.from(text),
      ),
    words: ['v_', '_', '\n', '\0', '__proto__', '{', '"'],
    maxLength: 1024,
    refuses: refusesNothing,
    run: (input) => {
      const text = input.toString('latin1');
      if (isFieldName(text) || isTenant(text))
        holds(/^[a-z0-9_-]{1,64}$/.test(text), 'names are short and plain');
      if (isVaultId(text)) holds(text.length === 28 || text.length === 29, 'ids have their length');
      holds(!isUlidVaultId(text) || isVaultId(text), 'each id of ours is an id');
      isJson(input.toString('utf8'));
    },
  },
  {
    name: 'records: openFields, sealed values',
    covers: [`${SOURCE}/open.ts#openFields`],
    seeds: () => [...sealed(), Buffer.from(SAMPLE.value)],
    words: [Buffer.of(3), Buffer.of(4), '#'],
    maxLength: 1024,
    refuses: refusesNothing,
    run: (input) => {
      const values = new Map<string, Uint8Array | string>([
        ['bytes', input],
        ['text', input.toString('latin1')],
      ]);
      const opened = openFields(IDENTITY, P384, PRIVATE_KEY, values);
      for (const [name, field] of opened) {
        // The key is of another record: nothing was sealed to it under this identity.
        holds(!field.ok, `${name} opened under a foreign key`);
      }
    },
  },
  {
    name: 'records: openFields, plaintexts',
    covers: [],
    seeds: () => [pad('"x"'), pad('{"a":1}'), pad(''), pad('1'), Buffer.alloc(32, 0x80)],
    words: [Buffer.of(0x80), '"', '{', Buffer.of(0xff), Buffer.of(0xef, 0xbb, 0xbf)],
    maxLength: 512,
    maxMs: 1000,
    refuses: refusesNothing,
    run: (input) => {
      const pair = generateKeyPair(P384);
      const context = setupSender(P384, pair.publicKey, info3(IDENTITY));
      const value = encode3(0, context.enc, context.seal(Buffer.from('field'), input));
      const pkcs8 = pair.privateKey.export({ format: 'der', type: 'pkcs8' });
      const field = openFields(IDENTITY, P384, pkcs8, new Map([['field', value]])).get('field');
      if (field?.ok !== true) return;
      JSON.parse(field.json);
      sameBytes(pad(field.json), input, 'a plaintext that opens is padded JSON in UTF-8');
    },
  },
  {
    name: 'records: verifyRecordMac',
    covers: [`${SOURCE}/mac.ts#verifyRecordMac`, `${SOURCE}/mac.ts#recordMac`],
    seeds: () => [MAC],
    maxLength: 64,
    refuses: refusesNothing,
    run: (input) => {
      if (verifyRecordMac(KEY, INPUT, input)) sameBytes(input, MAC, 'there is one MAC of a record');
    },
  },
  {
    name: 'records: names in a MAC',
    covers: [],
    seeds: () => ['default', IDENTITY.vaultId, 'dob'].map((text) => Buffer.from(text)),
    maxLength: 128,
    refuses: refusesWith(RecordsError, /^invalid_(?:name|record)$/),
    run: (input) => {
      const text = input.toString('utf8');
      const named = recordMac(KEY, { ...INPUT, fields: new Map([['a', text]]), kk: text });
      if (named.equals(MAC)) throw new Broken('two records have one MAC');
    },
  },
];

const KEY = Buffer.alloc(32, 3);
const INPUT = {
  id: IDENTITY.vaultId,
  tenant: IDENTITY.tenant,
  hs: suiteId(P384),
  pk: Buffer.alloc(120, 1),
  sk: Buffer.alloc(200, 2),
  kk: 'arn:aws:kms:eu-central-1:111122223333:key/1',
  sv: 1,
  rev: 1,
  fields: new Map([['dob', Buffer.of(3, 0, 0, 4)]]),
};
const MAC = recordMac(KEY, INPUT);

function sealed(): Buffer[] {
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  return [...sealFields(IDENTITY, P384, spki, new Map([['bytes', '"x"']])).values()];
}
