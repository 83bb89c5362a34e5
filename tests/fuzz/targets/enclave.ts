// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { type CborValue, encodeCbor } from '@enclave-vault/codec';
import { envelopedData } from '@enclave-vault/emulator-pki';
import { readDecryptAnswer, readErrorAnswer } from '../../../trusted/enclave/src/adapters/kms/answer.ts';
import { openForRecipient } from '../../../trusted/enclave/src/adapters/kms/open-recipient.ts';
import { nsmChannel } from '../../../trusted/enclave/src/adapters/nsm-channel.ts';
import { NsmClient } from '../../../trusted/enclave/src/adapters/nsm-client.ts';
import { KmsError, NsmError } from '../../../trusted/enclave/src/errors.ts';
import { holds, refusesNothing, refusesWith, sameBytes, type Target } from '../target.ts';
import { fromHex } from './samples.ts';

const SOURCE = 'trusted/enclave/src';
const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/1';
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const SECRET = Buffer.from('what KMS decrypted');
const FOR_RECIPIENT = envelopedData(publicKey, SECRET);
const JSON_WORDS = [
  '{',
  '}',
  '"',
  ':',
  ',',
  '"Plaintext":',
  '"KeyId":',
  '"CiphertextForRecipient":',
  '"__type":',
  '#',
  'AccessDeniedException',
  '"__proto__":',
  '\\u0000',
  '=',
];
const answerOf = (members: object): Buffer => Buffer.from(JSON.stringify(members));
const refusesKms = refusesWith(KmsError, /^unavailable$/);
const refusesNsm = (error: unknown): boolean =>
  error instanceof NsmError && /^[A-Za-z_]{1,40}$/.test(error.detail);

const NSM_ANSWERS: readonly CborValue[] = [
  new Map([['GetRandom', new Map([['random', Buffer.alloc(256, 1)]])]]),
  new Map([
    [
      'DescribePCR',
      new Map<string, CborValue>([
        ['lock', true],
        ['data', Buffer.alloc(48)],
      ]),
    ],
  ]),
  new Map([['Attestation', new Map([['document', Buffer.alloc(100, 2)]])]]),
  new Map([['Error', 'InvalidIndex']]),
  'LockPCR',
  new Map([['ExtendPCR', new Map([['data', Buffer.alloc(48)]])]]),
];

export const enclave: readonly Target[] = [
  {
    name: 'enclave: readDecryptAnswer',
    covers: [`${SOURCE}/adapters/kms/answer.ts#readDecryptAnswer`],
    seeds: () => [
      answerOf({ KeyId: ARN, CiphertextForRecipient: 'AAEC' }),
      answerOf({ KeyId: ARN, Plaintext: 'AA==' }),
    ],
    words: [...JSON_WORDS, ARN],
    refuses: refusesKms,
    run: (input) => {
      const bytes = readDecryptAnswer(input, ARN);
      const answer = JSON.parse(input.toString('utf8')) as { readonly CiphertextForRecipient: string };
      holds(
        !Object.hasOwn(answer, 'Plaintext') && bytes.toString('base64') === answer.CiphertextForRecipient,
        'the ciphertext of that member',
      );
    },
  },
  {
    name: 'enclave: readErrorAnswer',
    covers: [`${SOURCE}/adapters/kms/answer.ts#readErrorAnswer`],
    seeds: () =>
      ['com.amazonaws.kms#AccessDeniedException', 'IncorrectKeyException', 'constructor'].map((name) =>
        Buffer.concat([Buffer.from([400 - 256]), answerOf({ __type: name })]),
      ),
    words: JSON_WORDS,
    refuses: refusesNothing,
    run: (input) => {
      const error = readErrorAnswer(256 + (input[0] ?? 0) * 2, input.subarray(1));
      holds(error instanceof KmsError && /^[A-Za-z_]{1,64}$/.test(error.detail), 'a detail is a name');
      holds(['denied', 'invalid', 'unavailable'].includes(error.code), 'codes are declared');
    },
  },
  {
    name: 'enclave: openForRecipient',
    covers: [`${SOURCE}/adapters/kms/open-recipient.ts#openForRecipient`],
    seeds: () => [FOR_RECIPIENT, envelopedData(publicKey, Buffer.alloc(16), { form: 'primitive' })],
    words: ['3080', '0000', '0410', 'a080'].map(fromHex),
    refuses: refusesKms,
    run: (input) => {
      const plaintext = openForRecipient(privateKey, input);
      // CBC is malleable, and what guards it is TLS: nothing more can be said of a plaintext than its length.
      holds(plaintext.length < input.length, 'a plaintext is shorter than what it came in');
    },
  },
  {
    name: 'enclave: NsmClient',
    covers: [`${SOURCE}/adapters/nsm-client.ts#NsmClient.extendPcr`],
    seeds: () => NSM_ANSWERS.map((answer) => encodeCbor(answer)),
    words: [
      'GetRandom',
      'DescribePCR',
      'ExtendPCR',
      'LockPCR',
      'Attestation',
      'Error',
      'random',
      'lock',
      'data',
      'document',
      'InvalidIndex',
    ].map((name) => encodeCbor(name)),
    maxLength: 12_300,
    refuses: refusesNothing,
    run: async (input) => {
      const nsm = new NsmClient(async () => input);
      const questions = [
        nsm.random().then((bytes) => holds(bytes.length >= 32, 'random numbers are enough to seed from')),
        nsm
          .describePcr(16)
          .then(({ locked }) => holds(typeof locked === 'boolean', 'a register is locked or not')),
        nsm.extendPcr(16, Buffer.alloc(48)),
        nsm.lockPcr(16),
        nsm
          .attest({ publicKey: Buffer.alloc(1), userData: Buffer.alloc(1), nonce: null })
          .then((bytes) => holds(bytes.length > 0, 'a document is there')),
      ];
      for (const settled of await Promise.allSettled(questions)) {
        if (settled.status === 'rejected' && !refusesNsm(settled.reason)) throw settled.reason;
      }
    },
  },
  {
    name: 'enclave: nsmChannel',
    covers: [`${SOURCE}/adapters/nsm-channel.ts#nsmChannel`],
    seeds: () => [
      Buffer.concat([fromHex('00000003'), Buffer.of(1, 2, 3)]),
      fromHex('00000000'),
      fromHex('00003001'),
    ],
    words: ['00000000', '00003000', 'ffffffff'].map(fromHex),
    maxLength: 64,
    refuses: refusesNsm,
    run: async (input) => {
      const stream = new PassThrough();
      // What is written to it is not to be read from it.
      stream.write = () => true;
      const response = nsmChannel(stream, () => undefined)(Buffer.of(1));
      // The question is asked a turn later; an answer before that would be one too many.
      await Promise.resolve();
      await Promise.resolve();
      // An empty piece would keep the end from being heard.
      for (const piece of [input.subarray(0, 3), input.subarray(3)]) if (piece.length > 0) stream.push(piece);
      stream.push(null);
      sameBytes(await response, input.subarray(4), 'a frame is its length and as many bytes');
    },
  },
];
