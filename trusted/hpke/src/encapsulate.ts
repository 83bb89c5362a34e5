// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { HpkeError } from './errors.ts';
import { kemSharedSecret } from './kem.ts';
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

/**
 * Encap of RFC 9180 section 4.1 under a given ephemeral key pair. Not exported from the package: an ephemeral key
 * that serves twice reveals the plaintexts' difference, so only `setupSender` calls it, with a fresh one.
 */
export function encapsulateWith(
  suite: Suite,
  recipientPublicKey: KeyObject,
  ephemeral: KeyPair,
): Encapsulation {
  const recipientRaw = keyToPoint(suite, recipientPublicKey, 'public');
  const enc = keyToPoint(suite, ephemeral.publicKey, 'public');
  if (recipientRaw === undefined || enc === undefined) throw new HpkeError('invalid_public_key');
  const sharedSecret = kemSharedSecret(suite, ephemeral.privateKey, recipientPublicKey, enc, recipientRaw);
  return { sharedSecret, enc };
}
