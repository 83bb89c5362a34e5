// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import { encodeCbor } from '@enclave-vault/codec';
import { createNitroRoot, toPem } from '@enclave-vault/emulator-pki';
import {
  encodeAttestationRequest,
  encodeConfiguration,
  encodeErrorAnswer,
  encodeParentRequest,
  encodeUserData,
  openAnswer,
  openRequest,
  ProtocolError,
  parseAttestationRequest,
  parseConfiguration,
  parseEnvelope,
  parseErrorAnswer,
  parseParentRequest,
  parseUserData,
  pcr16,
  sealAnswer,
  sealRequest,
} from '@enclave-vault/protocol';
import { encodeDecryptAnswer, parseDecryptAnswer } from '../../../trusted/protocol/src/answer.ts';
import { encodeEnvelope, parseAnswerEnvelope } from '../../../trusted/protocol/src/envelope.ts';
import { encodeDecryptRequest, parseDecryptRequest } from '../../../trusted/protocol/src/request.ts';
import { Broken, holds, refusesWith, sameBytes, type Target } from '../target.ts';
import { fromHex } from './samples.ts';

const refuses = refusesWith(ProtocolError, /^(?:malformed|too_large)$/);
const refusesBox = refusesWith(ProtocolError, /^(?:malformed|too_large|unauthenticated)$/);
const SOURCE = 'trusted/protocol/src';
const DATA_KEY = Buffer.alloc(32, 1);
const ID = Buffer.alloc(16, 2);
const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

const REQUEST = {
  tenant: 'default',
  vaultId: 'v_01HV1XW70Q03PHK892JFQAY0Z5',
  suite: fromHex('48504b45001100020002'),
  wrappedKey: Buffer.alloc(40, 7),
  keyArn: ARN,
  publicKey: Buffer.alloc(30, 9),
  fields: new Map<string, Uint8Array | string>([
    ['dob', fromHex('03000004aabb')],
    ['city', 'aa#bb'],
  ]),
  known: ['city', 'dob', 'email'],
  reveal: ['city'],
  expressions: [{ name: 'over_18', source: 'date(dob).age() >= 18' }],
};
const ANSWER = { data: [['city', '"x"']], errors: [{ name: 'dob', code: 'field_unreadable' }] } as const;
const TIMES = { requestId: ID, time: 1_700_000_000_000, deadline: 1_700_000_005_000 };
const ENVELOPE = sealRequest({ dataKey: DATA_KEY, wrappedKey: Buffer.alloc(30, 3) }, REQUEST, TIMES);
const SEALED_ANSWER = sealAnswer(DATA_KEY, { id: ID }, ANSWER, TIMES.time);
const ROOT = createNitroRoot(Date.UTC(2026, 0)).certificate;
const CONFIGURATION = {
  region: 'eu-central-1',
  kmsHost: 'kms.eu-central-1.amazonaws.com',
  tlsRoots: [typeof ROOT === 'string' ? ROOT : toPem(ROOT)],
  vaultKeyArns: [ARN],
  requestKeyArns: [ARN.replace('1234abcd', '2234abcd')],
  legacyKeyArns: [],
};

/** Member names and closed words: what a mutation would not guess. */
const WORDS: readonly (string | Uint8Array)[] = [
  ...[
    'v',
    'id',
    'time',
    'deadline',
    'key',
    'nonce',
    'box',
    'data',
    'errors',
    'error',
    'fields',
    'known',
    'reveal',
  ].map((name) => encodeCbor(name)),
  ...['malformed', 'internal', 'busy', 'field_unreadable', 'kms_denied', 'enclave-vault/hpke'].map((word) =>
    encodeCbor(word),
  ),
  ...[0, 1, 2, 2 ** 53 - 1, -1].map((number) => encodeCbor(number)),
  ...['a0', '80', '40', 'f6', 'a10101', '1b0020000000000000'].map(fromHex),
  'default',
  '__proto__',
  'constructor',
];

/** A message that is read and written again: each has one encoding. */
function message<T>(
  name: string,
  covers: readonly string[],
  seeds: readonly Uint8Array[],
  parse: (input: Buffer) => T,
  encode: (value: T) => Uint8Array,
): Target {
  return {
    name: `protocol: ${name}`,
    covers: covers.map((reader) => `${SOURCE}/${reader}`),
    seeds: () => seeds,
    words: WORDS,
    refuses,
    run: (input) => {
      const value = parse(input);
      let again: Uint8Array;
      try {
        again = encode(value);
      } catch {
        throw new Broken('what was read cannot be written');
      }
      sameBytes(again, input, 'what was read is written the same');
    },
  };
}

const edited = (bytes: Uint8Array, length: number): Buffer => Buffer.from(bytes.subarray(0, length));

export const protocol: readonly Target[] = [
  message(
    'parseEnvelope',
    ['envelope.ts#parseEnvelope', 'envelope.ts#encodeEnvelope'],
    [ENVELOPE],
    parseEnvelope,
    encodeEnvelope,
  ),
  message(
    'parseAnswerEnvelope',
    ['envelope.ts#parseAnswerEnvelope'],
    [SEALED_ANSWER],
    parseAnswerEnvelope,
    encodeEnvelope,
  ),
  message(
    'parseDecryptRequest',
    [
      'request.ts#parseDecryptRequest',
      'read.ts#text',
      'names.ts#fieldName',
      'names.ts#tenant',
      'names.ts#vaultId',
      'names.ts#keyArn',
    ],
    [
      encodeDecryptRequest(REQUEST),
      encodeDecryptRequest({ ...REQUEST, fields: new Map(), known: [], reveal: [], expressions: [] }),
      encodeDecryptRequest({ ...REQUEST, fresh: true }),
    ],
    parseDecryptRequest,
    encodeDecryptRequest,
  ),
  message(
    'parseDecryptAnswer',
    ['answer.ts#parseDecryptAnswer', 'read.ts#oneOf', 'read.ts#list', 'read.ts#distinct'],
    [
      encodeDecryptAnswer(ANSWER),
      encodeDecryptAnswer({ error: 'kms_denied' }),
      encodeDecryptAnswer({ data: [], errors: [] }),
    ],
    parseDecryptAnswer,
    encodeDecryptAnswer,
  ),
  message(
    'parseErrorAnswer',
    ['error-answer.ts#parseErrorAnswer'],
    [encodeErrorAnswer('busy')],
    parseErrorAnswer,
    encodeErrorAnswer,
  ),
  message(
    'parseParentRequest',
    [
      'parent-request.ts#parseParentRequest',
      'read.ts#decode',
      'read.ts#members',
      'read.ts#bytes',
      'read.ts#integer',
      'read.ts#version',
    ],
    [null, 'token'].map((sessionToken) =>
      encodeParentRequest({
        credentials: {
          accessKeyId: 'AKIA0123456789ABCDEF',
          secretAccessKey: 'secret',
          sessionToken,
          expiration: sessionToken === null ? null : 5,
        },
        envelope: Buffer.of(1, 2, 3),
      }),
    ),
    parseParentRequest,
    encodeParentRequest,
  ),
  {
    name: 'protocol: parseConfiguration',
    covers: [
      'configuration.ts#parseConfiguration',
      'configuration.ts#pcr16',
      'configuration.ts#configurationDigest',
      'names.ts#region',
      'names.ts#hostName',
    ].map((name) => `${SOURCE}/${name}`),
    seeds: () => [
      encodeConfiguration(CONFIGURATION),
      encodeConfiguration({
        ...CONFIGURATION,
        rate: { burst: 1, perSecond: 1, perHour: 1 },
        keyCache: { entries: 0 },
      }),
      encodeConfiguration({
        ...CONFIGURATION,
        kmsPort: 8443,
        legacyKeyArns: [ARN.replace('1234abcd', '3234abcd')],
      }),
    ],
    words: [...WORDS, encodeCbor('rate'), encodeCbor('key_cache'), encodeCbor('limits')],
    refuses,
    run: (input) => {
      const configuration = parseConfiguration(input);
      const again = encodeConfiguration(configuration);
      holds(isDeepStrictEqual(parseConfiguration(again), configuration), 'what was read is written the same');
      // What is measured is bytes. Members that may be left out are left out again.
      sameBytes(again, input, 'a configuration has one encoding');
      holds(pcr16(input).length === 48, 'it is measured');
    },
  },
  message(
    'parseUserData',
    ['attestation.ts#parseUserData', 'attestation.ts#keyId'],
    [encodeUserData({ purpose: 'enclave-vault/hpke', keyId: Buffer.alloc(32, 1) })],
    parseUserData,
    encodeUserData,
  ),
  message(
    'parseAttestationRequest',
    ['attestation.ts#parseAttestationRequest', 'attestation.ts#encodeAttestationRequest'],
    [encodeAttestationRequest(Buffer.alloc(16, 1)), encodeAttestationRequest(Buffer.alloc(64, 1))],
    parseAttestationRequest,
    encodeAttestationRequest,
  ),
  {
    name: 'protocol: openRequest',
    covers: [`${SOURCE}/channel.ts#openRequest`],
    seeds: () => [ENVELOPE, edited(ENVELOPE, 60)],
    words: WORDS,
    refuses: refusesBox,
    run: (input) => {
      openRequest(DATA_KEY, parseEnvelope(input));
      // Whoever has not the data key gets nothing opened but what its holder sealed.
      sameBytes(input, ENVELOPE, 'a changed request does not open');
    },
  },
  {
    name: 'protocol: openAnswer',
    covers: [`${SOURCE}/channel.ts#openAnswer`],
    seeds: () => [SEALED_ANSWER],
    words: WORDS,
    refuses: refusesBox,
    run: (input) => {
      openAnswer(DATA_KEY, ID, input);
      sameBytes(input, SEALED_ANSWER, 'a changed answer does not open');
    },
  },
];
