// SPDX-License-Identifier: Apache-2.0
import { diffieHellman, type KeyObject } from 'node:crypto';
import { labeledExpand, labeledExtract, NO_SALT, takeKey } from './labeled.ts';
import type { Suite } from './suites.ts';

const KEM_IDS = new Map<number, Buffer>();

/** "KEM" and the KEM's id, u16 big-endian (RFC 9180 section 4.1). */
function kemSuiteId(suite: Suite): Buffer {
  let id = KEM_IDS.get(suite.kemId);
  if (id === undefined) {
    id = Buffer.from([0x4b, 0x45, 0x4d, suite.kemId >> 8, suite.kemId]);
    KEM_IDS.set(suite.kemId, id);
  }
  return id;
}

/** The two keys of an ECDH: one's own private key, the other's public key. */
export interface EcdhKeys {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** A set-up that lacks its ECDH only: who has the result, on whichever thread it was computed, finishes it. */
export interface Pending<Context> {
  readonly keys: EcdhKeys;
  /** Takes what `ecdh` or `ecdhOnThreadPool` made of the keys, and zeroes it. */
  finish(dh: Buffer | undefined): Context;
}

/**
 * DH of RFC 9180 section 4.1. Undefined where OpenSSL refuses: with a scalar of zero or n, which `importPrivateKey` lets nobody have and
 * node's own import does.
 *
 * `crypto.diffieHellman` on two KeyObjects is the cheapest ECDH Node has: it neither derives the public key again
 * (`ECDH.setPrivateKey`, `crypto.decapsulate`) nor checks the key pair again (`ECDH.computeSecret`).
 * docs/adr/0002-hpke-on-node-crypto.md has the figures. The result can't be the point at infinity, which section
 * 7.1.4 wants refused: the curves have prime order, the point was checked to lie on the curve and the scalar to
 * lie in [1, n-1]. OpenSSL fails on it as well.
 */
export function ecdh(keys: EcdhKeys): Buffer | undefined {
  try {
    return diffieHellman(keys);
  } catch {
    return undefined;
  }
}

/** The same on a thread of libuv's pool: it takes a little longer, and this thread is free meanwhile. */
export function ecdhOnThreadPool(keys: EcdhKeys): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    diffieHellman(keys, (error, dh) => resolve(error === null ? dh : undefined));
  });
}

/**
 * ExtractAndExpand of RFC 9180 section 4.1; the same on both sides, so encapsulation and decapsulation differ only in
 * whose private key went in. `kemContext` is enc || pkRm. Zeroes `dh`.
 */
export function kemSharedSecret(suite: Suite, dh: Buffer, kemContext: Uint8Array): KeyObject {
  const id = kemSuiteId(suite);
  const prk = takeKey(labeledExtract(suite.hash, id, NO_SALT, 'eae_prk', dh));
  dh.fill(0);
  return takeKey(labeledExpand(suite.hash, id, prk, 'shared_secret', kemContext, suite.hashLength));
}
