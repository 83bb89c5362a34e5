// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { P256, type Suite } from '../src/index.ts';
import { setupRecipient } from '../src/open.ts';
import { MESSAGE_LIMIT } from '../src/schedule.ts';
import { generateKeyPair, setupSender } from '../src/seal.ts';
import { expectCode, SUITES, utf8 } from './support.ts';

const bytes = fc.uint8Array({ maxLength: 100 });
const NAMED = SUITES.map((suite) => [suite.name, suite] as const);

/** P-521 costs seven milliseconds a round, P-256 a quarter of one. */
const runs = (suite: Suite): number => ({ 'P-256': 60, 'P-384': 30, 'P-521': 10 })[suite.name];

describe.each(NAMED)('round trips, %s', (_, suite) => {
  const { publicKey, privateKey } = generateKeyPair(suite);

  test('each message opens in order, out of order and again; exports agree', () => {
    const messages = fc.array(fc.record({ aad: bytes, text: bytes }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(bytes, messages, bytes, fc.integer({ min: 0, max: 300 }), (info, list, context, length) => {
        const sender = setupSender(suite, publicKey, info);
        const sealed = list.map(({ aad, text }) => sender.seal(aad, text));
        const recipient = setupRecipient(suite, sender.enc, privateKey, info);
        for (let seq = list.length - 1; seq >= 0; seq--) {
          const { aad = utf8(''), text = utf8('') } = list[seq] ?? {};
          const ciphertext = sealed[seq] ?? utf8('');
          expect(ciphertext.length).toBe(text.length + 16);
          expect(recipient.openAt(seq, aad, ciphertext)).toEqual(Buffer.from(text));
        }
        list.forEach(({ aad, text }, seq) => {
          expect(recipient.open(aad, sealed[seq] ?? utf8(''))).toEqual(Buffer.from(text));
        });
        expect(recipient.export(context, length)).toEqual(sender.export(context, length));
      }),
      { numRuns: runs(suite) },
    );
  });

  test('two contexts to one key share nothing', () => {
    const [one, two] = [setupSender(suite, publicKey, utf8('i')), setupSender(suite, publicKey, utf8('i'))];
    expect(one.enc.equals(two.enc)).toBe(false);
    expect(one.seal(utf8(''), utf8('same')).equals(two.seal(utf8(''), utf8('same')))).toBe(false);
    expect(one.export(utf8(''), 32).equals(two.export(utf8(''), 32))).toBe(false);
  });

  test('equal plaintexts in one context seal differently', () => {
    const sender = setupSender(suite, publicKey, utf8('i'));
    const sealed = [0, 1, 2, 3].map(() => sender.seal(utf8(''), utf8('same')).toString('hex'));
    expect(new Set(sealed).size).toBe(4);
  });
});

describe.each(NAMED)('what does not open, %s', (_, suite) => {
  const { publicKey, privateKey } = generateKeyPair(suite);
  const info = utf8('info');
  const aad = utf8('aad');
  const sender = setupSender(suite, publicKey, info);
  const first = sender.seal(aad, utf8('the first message'));
  const second = sender.seal(aad, utf8('the second message'));
  const recipient = () => setupRecipient(suite, sender.enc, privateKey, info);

  test('any flipped bit of the ciphertext', () => {
    const context = recipient();
    for (let bit = 0; bit < first.length * 8; bit++) {
      const changed = Buffer.from(first);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expectCode('open_failed', () => context.openAt(0, aad, changed));
    }
    expect(context.openAt(0, aad, first).toString()).toBe('the first message');
  });

  test('a truncated or extended ciphertext', () => {
    const context = recipient();
    for (let length = 0; length < first.length; length++) {
      expectCode('open_failed', () => context.openAt(0, aad, first.subarray(0, length)));
      expectCode('open_failed', () => context.openAt(0, aad, first.subarray(first.length - length)));
    }
    expectCode('open_failed', () => context.openAt(0, aad, Buffer.concat([first, Buffer.from([0])])));
  });

  test('another aad, sequence number, info, key or encapsulated key', () => {
    const context = recipient();
    for (const other of [utf8(''), utf8('aae'), utf8('aad\0'), utf8('AAD')]) {
      expectCode('open_failed', () => context.openAt(0, other, first));
    }
    for (const seq of [1, 2, 255, 256, 65535])
      expectCode('open_failed', () => context.openAt(seq, aad, first));
    for (const other of [utf8(''), utf8('infp'), utf8('info\0')]) {
      const wrong = setupRecipient(suite, sender.enc, privateKey, other);
      expectCode('open_failed', () => wrong.openAt(0, aad, first));
      expect(wrong.export(utf8(''), 16).equals(context.export(utf8(''), 16))).toBe(false);
    }
    const stranger = setupRecipient(suite, sender.enc, generateKeyPair(suite).privateKey, info);
    expectCode('open_failed', () => stranger.openAt(0, aad, first));
    const { enc } = setupSender(suite, publicKey, info);
    expectCode('open_failed', () => setupRecipient(suite, enc, privateKey, info).openAt(0, aad, first));
  });

  test('a public half that is not the private key’s', () => {
    const other = setupSender(suite, publicKey, info).enc;
    const context = setupRecipient(suite, sender.enc, privateKey, info, other);
    expectCode('open_failed', () => context.openAt(0, aad, first));
    for (const raw of [other.subarray(1), utf8('')]) {
      expectCode('invalid_public_key', () => setupRecipient(suite, sender.enc, privateKey, info, raw));
    }
  });

  test('a failed open leaves the sequence number where it was', () => {
    const context = recipient();
    expectCode('open_failed', () => context.open(aad, second));
    expect(context.open(aad, first).toString()).toBe('the first message');
    expectCode('open_failed', () => context.open(aad, first));
    context.openAt(0, aad, first);
    expect(context.open(aad, second).toString()).toBe('the second message');
  });

  test('a recipient key of another curve or half', () => {
    const ed = generateKeyPairSync('ed25519').privateKey;
    const others = SUITES.filter((candidate) => candidate !== suite).map(
      (other) => generateKeyPair(other).privateKey,
    );
    for (const key of [publicKey, ed, ...others]) {
      expectCode('invalid_private_key', () => setupRecipient(suite, sender.enc, key, info));
    }
  });
});

describe('message limit', () => {
  const { publicKey, privateKey } = generateKeyPair(P256);
  const empty = utf8('');

  test('65536 messages, then no more, on both sides', () => {
    const sender = setupSender(P256, publicKey, empty);
    const recipient = setupRecipient(P256, sender.enc, privateKey, empty);
    let last = empty;
    for (let seq = 0; seq < MESSAGE_LIMIT; seq++) {
      last = sender.seal(empty, empty);
      if (seq % 9973 === 0) expect(recipient.openAt(seq, empty, last).length).toBe(0);
    }
    expect(recipient.openAt(65535, empty, last).length).toBe(0);
    for (let again = 0; again < 2; again++)
      expectCode('message_limit_reached', () => sender.seal(empty, empty));
    expect(sender.export(empty, 8).equals(recipient.export(empty, 8))).toBe(true);
  });

  test.each([-1, 65536, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('no message %d', (seq) => {
    const sender = setupSender(P256, publicKey, empty);
    const recipient = setupRecipient(P256, sender.enc, privateKey, empty);
    const sealed = sender.seal(empty, empty);
    expectCode('message_limit_reached', () => recipient.openAt(seq, empty, sealed));
  });
});
