// SPDX-License-Identifier: Apache-2.0
import { generateKeyPair as generate, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { HpkeError } from './errors.ts';
import { kemSharedSecret, type Pending } from './kem.ts';
import { keyToPoint } from './public-key.ts';
import type { Suite } from './suites.ts';

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export interface Encapsulation {
  readonly sharedSecret: KeyObject;
  /** Nenc bytes. */
  readonly enc: Buffer;
}

/** A fresh key pair of the suite's curve. */
export function generateKeyPair(suite: Suite): KeyPair {
  return generateKeyPairSync('ec', { namedCurve: suite.curve });
}

/** The same, made on the thread pool. */
export function generateKeyPairAsync(suite: Suite): Promise<KeyPair> {
  return new Promise((resolve, reject) => {
    generate('ec', { namedCurve: suite.curve }, (error, publicKey, privateKey) => {
      if (error === null) resolve({ publicKey, privateKey });
      else reject(error);
    });
  });
}

/**
 * Encap of RFC 9180 section 4.1 under a given ephemeral key pair. Not exported from the package: an ephemeral key
 * that serves twice reveals the plaintexts' difference, so only `setupSender` and its asynchronous form call it, with a fresh one.
 */
export function encapsulateWith(
  suite: Suite,
  recipientPublicKey: KeyObject,
  ephemeral: KeyPair,
): Pending<Encapsulation> {
  const recipientRaw = keyToPoint(suite, recipientPublicKey, 'public');
  const enc = keyToPoint(suite, ephemeral.publicKey, 'public');
  if (recipientRaw === undefined || enc === undefined) throw new HpkeError('invalid_public_key');
  const kemContext = Buffer.concat([enc, recipientRaw]);
  return {
    keys: { privateKey: ephemeral.privateKey, publicKey: recipientPublicKey },
    finish: (dh) => {
      if (dh === undefined) throw new HpkeError('invalid_public_key');
      return { sharedSecret: kemSharedSecret(suite, dh, kemContext), enc };
    },
  };
}
