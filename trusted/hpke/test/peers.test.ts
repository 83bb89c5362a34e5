// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Suite } from '../src/index.ts';
import { setupRecipient } from '../src/open.ts';
import { keyToPoint } from '../src/public-key.ts';
import { generateKeyPair, setupSender } from '../src/seal.ts';
import { type MakePeer, PEERS } from './peers.ts';
import { SUITES, utf8 } from './support.ts';

const CASES = PEERS.flatMap(([name, make]) =>
  SUITES.map((suite) => [name, suite.name, make, suite] as [string, string, MakePeer, Suite]),
);

const RUNS = 8;
const bytes = fc.uint8Array({ maxLength: 80 });
const messages = fc.array(fc.record({ aad: bytes, text: fc.uint8Array({ maxLength: 300 }) }), {
  minLength: 1,
  maxLength: 5,
});

async function setUp(make: MakePeer, suite: Suite) {
  const pair = generateKeyPair(suite);
  const scalar = Buffer.from(pair.privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
  const peer = await make(suite, scalar, keyToPoint(suite, pair.publicKey, 'public') ?? utf8(''));
  return { ...pair, peer };
}

describe.each(CASES)('against %s, %s', (_name, _suite, make, suite) => {
  test('it opens what we seal', async () => {
    const { publicKey, peer } = await setUp(make, suite);
    await fc.assert(
      fc.asyncProperty(bytes, messages, async (info, list) => {
        const ours = setupSender(suite, publicKey, info);
        const theirs = await peer.recipient(ours.enc, info);
        for (const { aad, text } of list) {
          expect(Buffer.from(await theirs.open(aad, ours.seal(aad, text)))).toEqual(Buffer.from(text));
        }
        expect(Buffer.from(await theirs.export(info, 100))).toEqual(ours.export(info, 100));
      }),
      { numRuns: RUNS },
    );
  });

  test('we open what it seals, in any order', async () => {
    const { privateKey, peer } = await setUp(make, suite);
    await fc.assert(
      fc.asyncProperty(bytes, messages, async (info, list) => {
        const theirs = await peer.sender(info);
        const sealed: Uint8Array[] = [];
        for (const { aad, text } of list) sealed.push(await theirs.seal(aad, text));
        const ours = setupRecipient(suite, theirs.enc, privateKey, info);
        for (let seq = list.length - 1; seq >= 0; seq--) {
          const { aad = utf8(''), text = utf8('') } = list[seq] ?? {};
          expect(ours.openAt(seq, aad, sealed[seq] ?? utf8(''))).toEqual(Buffer.from(text));
        }
        expect(ours.export(info, 100)).toEqual(Buffer.from(await theirs.export(info, 100)));
      }),
      { numRuns: RUNS },
    );
  });

  test('both refuse a changed message of the other', async () => {
    const { publicKey, privateKey, peer } = await setUp(make, suite);
    const ours = setupSender(suite, publicKey, utf8('i'));
    const sealed = ours.seal(utf8('a'), utf8('text'));
    sealed[0] = (sealed[0] ?? 0) ^ 1;
    const theirRecipient = await peer.recipient(ours.enc, utf8('i'));
    await expect(theirRecipient.open(utf8('a'), sealed)).rejects.toThrow();
    const theirs = await peer.sender(utf8('i'));
    const other = Buffer.from(await theirs.seal(utf8('a'), utf8('text')));
    const recipient = setupRecipient(suite, theirs.enc, privateKey, utf8('i'));
    expect(recipient.openAt(0, utf8('a'), other).toString()).toBe('text');
    other[0] = (other[0] ?? 0) ^ 1;
    expect(() => recipient.openAt(0, utf8('a'), other)).toThrow('open_failed');
  });
});
