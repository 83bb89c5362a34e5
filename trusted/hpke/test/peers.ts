// SPDX-License-Identifier: Apache-2.0
import * as core from '@hpke/core';
import * as hpke from 'hpke';
import { P256, P384, type Suite } from '../src/index.ts';

/** A sending or receiving context of another implementation. */
export interface PeerContext {
  seal(aad: Uint8Array, plaintext: Uint8Array): Promise<Uint8Array>;
  open(aad: Uint8Array, ciphertext: Uint8Array): Promise<Uint8Array>;
  export(context: Uint8Array, length: number): Promise<Uint8Array>;
}

/** One suite of another implementation, with a recipient key imported for it. */
export interface Peer {
  readonly sender: (info: Uint8Array) => Promise<PeerContext & { enc: Uint8Array }>;
  readonly recipient: (enc: Uint8Array, info: Uint8Array) => Promise<PeerContext>;
}

/** Imports a key pair, given as raw scalar and uncompressed point, into a peer. */
export type MakePeer = (suite: Suite, scalar: Uint8Array, point: Uint8Array) => Promise<Peer>;

const refuse = (): never => {
  throw new Error('a context has one direction');
};

function hpkeSuite(suite: Suite): hpke.CipherSuite<hpke.CryptoKey> {
  const aead = hpke.AEAD_AES_256_GCM;
  if (suite === P256) {
    return new hpke.CipherSuite(hpke.KEM_DHKEM_P256_HKDF_SHA256, hpke.KDF_HKDF_SHA256, aead);
  }
  if (suite === P384) {
    return new hpke.CipherSuite(hpke.KEM_DHKEM_P384_HKDF_SHA384, hpke.KDF_HKDF_SHA384, aead);
  }
  return new hpke.CipherSuite(hpke.KEM_DHKEM_P521_HKDF_SHA512, hpke.KDF_HKDF_SHA512, aead);
}

/** The npm package `hpke`, on WebCrypto. */
export const makeHpke: MakePeer = async (suite, scalar, point) => {
  const peer = hpkeSuite(suite);
  const publicKey = await peer.DeserializePublicKey(point);
  const privateKey = await peer.DeserializePrivateKey(scalar);
  return {
    sender: async (info) => {
      const { encapsulatedSecret, ctx } = await peer.SetupSender(publicKey, { info });
      return {
        enc: encapsulatedSecret,
        seal: (aad, plaintext) => ctx.Seal(plaintext, aad),
        open: refuse,
        export: (context, length) => ctx.Export(context, length),
      };
    },
    recipient: async (enc, info) => {
      const ctx = await peer.SetupRecipient({ privateKey, publicKey }, enc, { info });
      return {
        seal: refuse,
        open: (aad, ciphertext) => ctx.Open(ciphertext, aad),
        export: (context, length) => ctx.Export(context, length),
      };
    },
  };
};

function coreSuite(suite: Suite): core.CipherSuite {
  const aead = new core.Aes256Gcm();
  if (suite === P256) {
    return new core.CipherSuite({ kem: new core.DhkemP256HkdfSha256(), kdf: new core.HkdfSha256(), aead });
  }
  if (suite === P384) {
    return new core.CipherSuite({ kem: new core.DhkemP384HkdfSha384(), kdf: new core.HkdfSha384(), aead });
  }
  return new core.CipherSuite({ kem: new core.DhkemP521HkdfSha512(), kdf: new core.HkdfSha512(), aead });
}

/** Its interface takes whole ArrayBuffers, so a view is copied out. */
const own = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

/** The npm package `@hpke/core`, on WebCrypto. */
export const makeCore: MakePeer = async (suite, scalar, point) => {
  const peer = coreSuite(suite);
  const recipientPublicKey = await peer.kem.importKey('raw', own(point), true);
  const privateKey = await peer.kem.importKey('raw', own(scalar), false);
  const recipientKey = { privateKey, publicKey: recipientPublicKey };
  return {
    sender: async (info) => {
      const ctx = await peer.createSenderContext({ recipientPublicKey, info: own(info) });
      return {
        enc: new Uint8Array(ctx.enc),
        seal: async (aad, plaintext) => new Uint8Array(await ctx.seal(own(plaintext), own(aad))),
        open: refuse,
        export: async (context, length) => new Uint8Array(await ctx.export(own(context), length)),
      };
    },
    recipient: async (enc, info) => {
      const ctx = await peer.createRecipientContext({ recipientKey, enc: own(enc), info: own(info) });
      return {
        seal: refuse,
        open: async (aad, ciphertext) => new Uint8Array(await ctx.open(own(ciphertext), own(aad))),
        export: async (context, length) => new Uint8Array(await ctx.export(own(context), length)),
      };
    },
  };
};

export const PEERS: readonly (readonly [string, MakePeer])[] = [
  ['hpke', makeHpke],
  ['@hpke/core', makeCore],
];
