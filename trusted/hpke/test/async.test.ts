// SPDX-License-Identifier: Apache-2.0
/** The asynchronous set-ups are the synchronous ones with their ECDH on another thread: one implementation, held to one behaviour. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HpkeError, P256, P384 } from '../src/index.ts';
import { setupRecipient, setupRecipientAsync } from '../src/open.ts';
import { generateKeyPair, setupSender, setupSenderAsync } from '../src/seal.ts';
import { pkcs8, SUITES, utf8 } from './support.ts';

const bytes = fc.uint8Array({ maxLength: 80 });

/** The code that a call refuses with, thrown or as a rejection; undefined where it does not. */
async function codeOf(call: () => unknown): Promise<string | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(HpkeError);
    return (error as HpkeError).code;
  }
}

describe.each(SUITES.map((suite) => [suite.name, suite] as const))('%s', (_, suite) => {
  const { publicKey, privateKey } = generateKeyPair(suite);

  test('either form of the recipient opens what either form of the sender sealed, and both export the same', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, bytes, bytes, async (info, aad, plaintext) => {
        for (const sender of [
          setupSender(suite, publicKey, info),
          await setupSenderAsync(suite, publicKey, info),
        ]) {
          const ciphertext = sender.seal(aad, plaintext);
          const recipients = [
            setupRecipient(suite, sender.enc, privateKey, info),
            await setupRecipientAsync(suite, sender.enc, privateKey, info),
          ];
          for (const recipient of recipients) {
            expect(recipient.open(aad, ciphertext).equals(plaintext)).toBe(true);
            expect(recipient.export(aad, 40)).toEqual(sender.export(aad, 40));
          }
        }
      }),
      { numRuns: 15 },
    );
  });

  test('both forms refuse with the same code', async () => {
    const good = setupSender(suite, publicKey, utf8('')).enc;
    const offCurve = Buffer.from(good);
    offCurve[5] = (offCurve[5] ?? 0) ^ 1;
    const other = generateKeyPair(suite === P256 ? P384 : P256);
    const zero = createPrivateKey({
      key: pkcs8(suite, Buffer.alloc(suite.scalarLength)),
      format: 'der',
      type: 'pkcs8',
    });
    const rows: [code: string, enc: Buffer, key: KeyObject, raw?: Buffer][] = [
      ['open_failed', offCurve, privateKey],
      ['open_failed', good.subarray(1), privateKey],
      ['open_failed', Buffer.alloc(suite.encLength), privateKey],
      ['open_failed', good, zero, good],
      ['invalid_public_key', good, privateKey, good.subarray(1)],
      ['invalid_private_key', good, other.privateKey],
      ['invalid_private_key', good, publicKey],
    ];
    for (const [code, enc, key, raw] of rows) {
      expect(await codeOf(() => setupRecipient(suite, enc, key, utf8(''), raw))).toBe(code);
      expect(await codeOf(() => setupRecipientAsync(suite, enc, key, utf8(''), raw))).toBe(code);
    }
    for (const key of [other.publicKey, privateKey]) {
      expect(await codeOf(() => setupSender(suite, key, utf8('')))).toBe('invalid_public_key');
      expect(await codeOf(() => setupSenderAsync(suite, key, utf8('')))).toBe('invalid_public_key');
    }
  });
});

test('bytes that the caller changes while an ECDH is under way change nothing', async () => {
  const { publicKey, privateKey } = generateKeyPair(P384);
  const info = utf8('info');
  const sending = setupSenderAsync(P384, publicKey, info);
  info.fill(0);
  const sender = await sending;
  const ciphertext = sender.seal(utf8('aad'), utf8('text'));

  const [enc, raw, again] = [Buffer.from(sender.enc), pointOf(publicKey), utf8('info')];
  const receiving = setupRecipientAsync(P384, enc, privateKey, again, raw);
  for (const given of [enc, raw, again]) given.fill(0);
  expect((await receiving).open(utf8('aad'), ciphertext).toString()).toBe('text');
});

function pointOf(publicKey: KeyObject): Buffer {
  return createPublicKey(publicKey.export({ format: 'pem', type: 'spki' }))
    .export({ format: 'der', type: 'spki' })
    .subarray(-P384.encLength);
}

test('this thread goes on while the ECDHs are made: all are under way before the first ends', async () => {
  const { publicKey, privateKey } = generateKeyPair(P384);
  const sender = setupSender(P384, publicKey, utf8(''));
  const order: string[] = [];
  const all = Array.from({ length: 3 }, async () => {
    await setupRecipientAsync(P384, sender.enc, privateKey, utf8(''));
    order.push('ended');
  });
  order.push('asked');
  await Promise.all(all);
  expect(order).toEqual(['asked', 'ended', 'ended', 'ended']);
});
