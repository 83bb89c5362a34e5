// SPDX-License-Identifier: Apache-2.0
import { rootCertificates } from 'node:tls';
import { type CborValue, decodeCbor, encodeCbor } from '@enclave-vault/codec';
import { describe, expect, test } from 'vitest';
import { encodeDecryptAnswer, parseDecryptAnswer } from '../src/answer.ts';
import {
  encodeAttestationRequest,
  encodeConfiguration,
  encodeErrorAnswer,
  encodeParentRequest,
  encodeUserData,
  ProtocolError,
  parseAnswerEnvelope,
  parseAttestationRequest,
  parseConfiguration,
  parseEnvelope,
  parseErrorAnswer,
  parseParentRequest,
  parseUserData,
  sealAnswer,
  sealRequest,
} from '../src/index.ts';
import { encodeDecryptRequest, parseDecryptRequest } from '../src/request.ts';
import { channel, codeOf, edited, KEY_ARN, NOW, request, saidOf } from './support.ts';

/**
 * Whoever reads a log learns from a refusal which member of which message was wrong, and nothing of what it held. So each member
 * is made wrong once, by a value that would be seen.
 */
const SEEN = 'Seen-in-a-log!';
const map = (entries: Record<string, CborValue>): Map<string, CborValue> => new Map(Object.entries(entries));

interface Reader {
  /** What a refusal calls the message. */
  readonly name: string;
  readonly example: () => Buffer;
  readonly parse: (message: Uint8Array) => unknown;
  readonly maxBytes: number;
  /** A member of the message that is refused for what it is, and what the refusal calls it. */
  readonly wrong: readonly (readonly [called: string, member: string, value: CborValue])[];
}

/** `v` and members that have only one thing that can be wrong with them, called as they are. */
const each = (name: string, ...members: readonly string[]): Reader['wrong'] =>
  members.map((member) => [`${name}.${member}`, member, SEEN] as const);

const LIMITS = map({ running: 1, waiting: 1, request_ms: 100, expression_ms: 10, expression_workers: 1 });
const RATE = map({ burst: 1, per_second: 1, per_hour: 1 });
const KEY_CACHE = map({ entries: 1, age_ms: 1000, uses: 1 });
const CREDENTIALS = map({
  access_key_id: 'ASIAIOSFODNN7EXAMPLE',
  secret_access_key: 'wJalrXUtnFEMI',
  session_token: null,
  expiration: null,
});
const without = (whole: ReadonlyMap<string, CborValue>, change: Record<string, CborValue>) =>
  new Map([...whole, ...Object.entries(change)]);

const READERS: readonly Reader[] = [
  {
    name: 'envelope',
    example: () => sealRequest(channel().key, request(), channel().times),
    parse: parseEnvelope,
    maxBytes: 10 * 1024 ** 2,
    wrong: each('envelope', 'v', 'id', 'time', 'deadline', 'key', 'nonce', 'box'),
  },
  {
    name: 'answer',
    example: () => sealAnswer(channel().key.dataKey, { id: Buffer.alloc(16) }, { data: [], errors: [] }, NOW),
    parse: parseAnswerEnvelope,
    maxBytes: 10 * 1024 ** 2,
    wrong: each('answer', 'v', 'id', 'time', 'nonce', 'box'),
  },
  {
    name: 'request',
    example: () => encodeDecryptRequest(request()),
    parse: parseDecryptRequest,
    maxBytes: 10 * 1024 ** 2,
    wrong: [
      ...each('request', 'tenant', 'vault_id', 'suite', 'wrapped_key', 'key_arn', 'public_key'),
      ...each('request', 'fields', 'known', 'reveal', 'expressions'),
      ['request.fields: name', 'fields', map({ [SEEN]: 'x' })],
      ['request.fields: value', 'fields', map({ city: Buffer.alloc(0) })],
      ['request.fields: value', 'fields', map({ city: 'x'.repeat(350 * 1024 + 1) })],
      ['request.fields', 'fields', map({ city: 'x'.repeat(350 * 1024) })],
      ['request: name', 'known', [SEEN]],
      ['request.known', 'known', ['dob', 'dob']],
      ['request: name', 'reveal', [SEEN]],
      ['request.reveal', 'reveal', ['city', 'city']],
      ['request.reveal', 'reveal', ['city', 'email']],
      ...[SEEN, false, null, 1].map((wrong) => ['request.fresh', 'fresh', wrong] as const),
      ['request.expressions', 'expressions', [SEEN]],
      ['request.expressions: name', 'expressions', [[SEEN, '1']]],
      ['request.expressions: source', 'expressions', [['e', SEEN.repeat(1000)]]],
      ['request.expressions', 'expressions', [['email', '1']]],
      [
        'request.expressions',
        'expressions',
        [
          ['e', '1'],
          ['e', '2'],
        ],
      ],
    ],
  },
  {
    name: 'answer',
    example: () => encodeDecryptAnswer({ data: [], errors: [] }),
    parse: parseDecryptAnswer,
    maxBytes: 10 * 1024 ** 2,
    wrong: [
      ...each('answer', 'data', 'errors'),
      ['answer.data', 'data', [SEEN]],
      ['answer.data: name', 'data', [[SEEN, '1']]],
      ['answer.data: value', 'data', [['city', 1]]],
      ['answer.errors', 'errors', [SEEN]],
      ['answer.errors: name', 'errors', [[SEEN, 'field_unreadable']]],
      ['answer.errors: code', 'errors', [['city', SEEN]]],
      [
        'answer: names',
        'data',
        [
          ['city', '1'],
          ['city', '2'],
        ],
      ],
    ],
  },
  {
    name: 'answer',
    example: () => encodeDecryptAnswer({ error: 'internal' }),
    parse: parseDecryptAnswer,
    maxBytes: 10 * 1024 ** 2,
    wrong: each('answer', 'error'),
  },
  {
    name: 'error answer',
    example: () => encodeErrorAnswer('busy'),
    parse: parseErrorAnswer,
    maxBytes: 128,
    wrong: each('error answer', 'v', 'error'),
  },
  {
    name: 'parent request',
    example: () => encodeCbor(map({ v: 1, credentials: CREDENTIALS, envelope: Buffer.of(1) })),
    parse: parseParentRequest,
    maxBytes: 10 * 1024 ** 2,
    wrong: [
      ...each('parent request', 'v', 'envelope'),
      ['credentials', 'credentials', SEEN],
      ...['access_key_id', 'secret_access_key', 'session_token', 'expiration'].map(
        (member) =>
          [`credentials.${member}`, 'credentials', without(CREDENTIALS, { [member]: `${SEEN} ` })] as const,
      ),
    ],
  },
  {
    name: 'configuration',
    example: () =>
      encodeConfiguration({
        region: 'eu-central-1',
        kmsHost: 'kms.eu-central-1.amazonaws.com',
        tlsRoots: [rootCertificates[0] ?? ''],
        vaultKeyArns: [`${KEY_ARN}1`],
        requestKeyArns: [`${KEY_ARN}2`],
        legacyKeyArns: [],
      }),
    parse: parseConfiguration,
    maxBytes: 256 * 1024,
    wrong: [
      ...each(
        'configuration',
        'v',
        'region',
        'kms_host',
        'kms_port',
        'tls_roots',
        'limits',
        'rate',
        'key_cache',
      ),
      ...each('configuration', 'vault_key_arns', 'request_key_arns', 'legacy_key_arns'),
      ...['vault_key_arns', 'request_key_arns', 'legacy_key_arns', 'tls_roots'].map(
        (member) => [`configuration.${member}`, member, [SEEN]] as const,
      ),
      ['configuration.tls_roots', 'tls_roots', []],
      ['configuration.tls_roots', 'tls_roots', [1]],
      ['configuration: keys', 'vault_key_arns', []],
      ['configuration: keys', 'legacy_key_arns', [`${KEY_ARN}1`]],
      ...[...LIMITS.keys()].map(
        (member) =>
          [`configuration.limits.${member}`, 'limits', without(LIMITS, { [member]: SEEN })] as const,
      ),
      ...[...RATE.keys()].map(
        (member) => [`configuration.rate.${member}`, 'rate', without(RATE, { [member]: SEEN })] as const,
      ),
      ...[...KEY_CACHE.keys()].map(
        (member) =>
          [`configuration.key_cache.${member}`, 'key_cache', without(KEY_CACHE, { [member]: SEEN })] as const,
      ),
    ],
  },
  {
    name: 'attestation request',
    example: () => encodeAttestationRequest(Buffer.alloc(20, 3)),
    parse: parseAttestationRequest,
    maxBytes: 96,
    wrong: [...each('attestation request', 'v'), ['attestation nonce', 'nonce', SEEN]],
  },
  {
    name: 'user data',
    example: () => encodeUserData({ purpose: 'enclave-vault/hpke', keyId: Buffer.alloc(32, 4) }),
    parse: parseUserData,
    maxBytes: 512,
    wrong: [...each('user data', 'purpose', 'key_id'), ['user data.v', 'version', SEEN]],
  },
];

describe.each(READERS)('what is wrong with the message “$name” is named', (reader) => {
  const { name, example, parse, maxBytes, wrong } = reader;

  test.each(wrong.map(([called, member, value]) => ({ called, member, value })))(
    '$called',
    ({ called, member, value }) => {
      expect(saidOf(() => parse(edited(example(), { [member]: value })))).toBe(`malformed: ${called}`);
    },
  );

  test('no CBOR, another item than a map, members too many: the message', () => {
    expect(saidOf(() => parse(Buffer.of(0xff)))).toBe(`malformed: ${name}`);
    for (const value of [null, 1, SEEN, [], [SEEN]]) {
      expect(saidOf(() => parse(encodeCbor(value)))).toBe(`malformed: ${name}`);
    }
    expect(saidOf(() => parse(edited(example(), { [SEEN]: 1 })))).toBe(`malformed: ${name}`);
  });

  test('a member under another name: the one that is missing', () => {
    const members = decodeCbor(example()) as ReadonlyMap<string, CborValue>;
    // What has neither results nor an error is an answer with results, of which two members are missing.
    for (const member of [...members.keys()].filter((key) => key !== 'error' || name === 'error answer')) {
      const renamed = edited(example(), { [member]: undefined, [SEEN]: members.get(member) });
      expect(saidOf(() => parse(renamed))).toBe(`malformed: ${name}.${member}`);
    }
  });

  test('too many bytes: the message, and that it is too large', () => {
    expect(saidOf(() => parse(Buffer.alloc(maxBytes + 1)))).toBe(`too_large: ${name}`);
    expect(saidOf(() => parse(Buffer.alloc(maxBytes, 0xff)))).toBe(`malformed: ${name}`);
  });

  test('nested deeper than any message is, it is refused while it is read', () => {
    const [, member = ''] = wrong[0] ?? [];
    let deep: CborValue = 1;
    for (let depth = 0; depth < 6; depth++) deep = [deep];
    expect(saidOf(() => parse(edited(example(), { [member]: deep })))).toBe(`malformed: ${name}`);
  });
});

test('more items than the message can have are refused while they are read', () => {
  const nonce = encodeCbor(map({ v: 1, nonce: [1, 2, 3, 4, 5, 6, 7, 8] }));
  expect(saidOf(() => parseAttestationRequest(nonce))).toBe('malformed: attestation request');
});

describe('what is about to be sent is named too', () => {
  test.each([
    ['envelope.id', { requestId: Buffer.alloc(17) }],
    ['envelope.time', { time: -1 }],
    ['envelope.deadline', { deadline: NOW + 0.5 }],
    ['envelope.deadline', { deadline: NOW - 1 }],
  ])('%s', (called, change) => {
    const { key, times } = channel();
    expect(saidOf(() => sealRequest(key, request(), { ...times, ...change }))).toBe(`malformed: ${called}`);
  });

  test('envelope.key, empty and over 6 KiB', () => {
    const { key, times } = channel();
    for (const length of [0, 6145]) {
      const wrappedKey = Buffer.alloc(length);
      expect(saidOf(() => sealRequest({ ...key, wrappedKey }, request(), times))).toBe(
        'malformed: envelope.key',
      );
    }
  });

  test('the data key', () => {
    const { key, times } = channel();
    const dataKey = Buffer.alloc(32);
    expect(saidOf(() => sealRequest({ ...key, dataKey }, request(), times))).toBe('malformed: data key');
  });

  test('an envelope, and a request of the parent, over 10 MiB', () => {
    const { key, times } = channel();
    const data = [['city', 'x'.repeat(10 * 1024 ** 2)] as const];
    expect(saidOf(() => sealAnswer(key.dataKey, { id: times.requestId }, { data, errors: [] }, NOW))).toBe(
      'too_large: envelope',
    );
    const credentials = {
      accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'x',
      sessionToken: null,
      expiration: null,
    };
    expect(saidOf(() => encodeParentRequest({ credentials, envelope: Buffer.alloc(10 * 1024 ** 2) }))).toBe(
      'too_large: parent request',
    );
  });
});

test('a box that does not open says nothing more, and every refusal has its name', () => {
  const { key, times } = channel();
  const sealed = parseEnvelope(sealRequest(key, request(), times));
  const error = new ProtocolError('unauthenticated');
  expect([error.name, error.message]).toEqual(['ProtocolError', 'unauthenticated']);
  expect(codeOf(() => parseEnvelope(sealed.box))).toBe('malformed');
});

test('what is no fault of a message is not called one', () => {
  const notBytes = { byteLength: 1 } as unknown as Uint8Array;
  expect(() => parseEnvelope(notBytes)).toThrow(TypeError);
});
