// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { HpkeError, P256, P384, P521, parseSuiteId, type Suite, suiteId } from '@enclave-vault/hpke';
import { importPrivateKey, setupRecipient } from '@enclave-vault/hpke/open';
import { generateKeyPair, importPublicKey } from '@enclave-vault/hpke/seal';
import { curveOf } from '../../../trusted/hpke/src/curves.ts';
import { pointToKey } from '../../../trusted/hpke/src/public-key.ts';
import { holds, refusesNothing, refusesWith, sameBytes, type Target } from '../target.ts';
import { fromHex } from './samples.ts';

const SOURCE = 'trusted/hpke/src';
const SUITES: readonly Suite[] = [P256, P384, P521];
const PAIRS = new Map(SUITES.map((suite) => [suite, generateKeyPair(suite)]));
const pairOf = (suite: Suite) => PAIRS.get(suite) ?? generateKeyPair(suite);
const spki = (suite: Suite): Buffer => pairOf(suite).publicKey.export({ format: 'der', type: 'spki' });
const pkcs8 = (suite: Suite): Buffer => pairOf(suite).privateKey.export({ format: 'der', type: 'pkcs8' });
const point = (suite: Suite): Buffer => spki(suite).subarray(-suite.encLength);

/** Without the public key and with the curve named twice: forms of RFC 5915 that KMS and OpenSSL do not write, and some do. */
function bare(suite: Suite): Buffer {
  const { algorithm } = curveOf(suite);
  const scalar = Buffer.alloc(suite.scalarLength, 1);
  const inner = wrapped(0x30, fromHex('020101'), wrapped(0x04, scalar));
  return wrapped(0x30, fromHex('020100'), algorithm, wrapped(0x04, inner));
}

function wrapped(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const length = body.length < 0x80 ? Buffer.of(body.length) : Buffer.of(0x81, body.length);
  return Buffer.concat([Buffer.of(tag), length, body]);
}

export const hpke: readonly Target[] = [
  {
    name: 'hpke: importPublicKey',
    covers: [`${SOURCE}/public-key.ts#importPublicKey`],
    seeds: () => SUITES.map(spki),
    words: SUITES.flatMap((suite) => [curveOf(suite).spkiPrefix, point(suite), curveOf(suite).oid]),
    maxLength: 256,
    refuses: refusesWith(HpkeError, /^invalid_public_key$/),
    run: (input) => {
      // Each suite by itself, the one that the length fits: a refusal of one must not hide what another accepts.
      const suite = SUITES.find((candidate) => spki(candidate).length === input.length) ?? P384;
      sameBytes(
        importPublicKey(suite, input).export({ format: 'der', type: 'spki' }),
        input,
        'a key has one encoding',
      );
    },
  },
  {
    name: 'hpke: pointToKey',
    covers: [`${SOURCE}/public-key.ts#pointToKey`],
    seeds: () => [
      ...SUITES.map(point),
      Buffer.alloc(97),
      Buffer.concat([Buffer.of(2), point(P384).subarray(1, 49)]),
    ],
    words: [Buffer.of(4), Buffer.of(2), Buffer.of(6), Buffer.alloc(48, 0xff)],
    maxLength: 160,
    refuses: refusesNothing,
    run: (input) => {
      for (const suite of SUITES) {
        const key = pointToKey(suite, input);
        if (key === undefined) continue;
        sameBytes(
          key.export({ format: 'der', type: 'spki' }).subarray(-suite.encLength),
          input,
          'a point has one encoding',
        );
      }
    },
  },
  {
    name: 'hpke: importPrivateKey',
    covers: [`${SOURCE}/private-key.ts#importPrivateKey`],
    seeds: () => SUITES.flatMap((suite) => [pkcs8(suite), bare(suite)]),
    words: [
      ...SUITES.flatMap((suite) => [curveOf(suite).oid, curveOf(suite).algorithm, curveOf(suite).order]),
      fromHex('a100'),
      fromHex('020100'),
      fromHex('020101'),
    ],
    maxLength: 600,
    refuses: refusesWith(HpkeError, /^invalid_private_key$/),
    run: (input) => {
      const suite = input.includes(curveOf(P521).oid)
        ? P521
        : input.includes(curveOf(P256).oid)
          ? P256
          : P384;
      const key = importPrivateKey(suite, input);
      const { d = '' } = key.export({ format: 'jwk' });
      const scalar = Buffer.from(d, 'base64url');
      holds(
        scalar.length === suite.scalarLength && input.includes(scalar),
        'the scalar is that of the input',
      );
      holds(
        createPublicKey(key).asymmetricKeyDetails?.namedCurve === suite.curve,
        'the curve is that of the suite',
      );
      holds(
        createPrivateKey({ key: input, format: 'der', type: 'pkcs8' }).equals(key),
        'OpenSSL reads the same key',
      );
    },
  },
  {
    name: 'hpke: setupRecipient',
    neverAccepts: true,
    covers: [
      `${SOURCE}/open.ts#setupRecipient`,
      `${SOURCE}/open.ts#RecipientContext.open`,
      `${SOURCE}/open.ts#RecipientContext.openAt`,
    ],
    seeds: () => [point(P384), Buffer.concat([point(P384), Buffer.alloc(32)])],
    words: [Buffer.of(4)],
    maxLength: 256,
    refuses: refusesWith(HpkeError, /^open_failed$/),
    run: (input) => {
      const context = setupRecipient(
        P384,
        input.subarray(0, 97),
        pairOf(P384).privateKey,
        Buffer.from('info'),
      );
      context.openAt(0, Buffer.alloc(0), input.subarray(97));
      holds(false, 'what nobody sealed does not open');
    },
  },
  {
    name: 'hpke: parseSuiteId',
    covers: [`${SOURCE}/suites.ts#parseSuiteId`],
    seeds: () => SUITES.map(suiteId),
    words: ['HPKE', fromHex('0010'), fromHex('0012')],
    maxLength: 32,
    refuses: refusesWith(HpkeError, /^unknown_suite$/),
    run: (input) => sameBytes(suiteId(parseSuiteId(input)), input, 'a suite has one id'),
  },
];
