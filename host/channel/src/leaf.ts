// SPDX-License-Identifier: Apache-2.0
import { generateKeyPair, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import { certify } from '@enclave-vault/x509';
import { ChannelError } from './errors.ts';
import type { ChannelRoot } from './root.ts';
import { SIDES } from './sides.ts';

/** @param digest SHA-384 of what is signed @returns DER Ecdsa-Sig-Value */
export type SignDigest = (digest: Buffer) => Promise<Uint8Array>;

/** A certificate and its private key, PEM, in the form that TLS takes them. The key is nowhere but in memory. */
export interface ChannelCredentials {
  readonly key: string;
  readonly cert: string;
  /** ms since the epoch. */
  readonly notAfter: number;
}

/** What a peer's clock may be behind ours, in milliseconds. */
const SKEW_MS = 5 * 60_000;
/** Of a certificate, in milliseconds. */
export const LIFETIME_MS = 24 * 3_600_000;
/** A certificate for longer than this is nobody's, whoever signed it. */
export const MAX_LIFETIME_MS = LIFETIME_MS + SKEW_MS + 60_000;

/**
 * Makes a key pair and has its certificate signed.
 *
 * @param now ms since the epoch
 * @throws {ChannelError} `root_mismatch` when the signature is not by the root's key; whatever `sign` throws
 */
export async function issueCredentials(
  root: ChannelRoot,
  sign: SignDigest,
  now: number,
  lifetimeMs: number,
): Promise<ChannelCredentials> {
  const { leaf, purpose, san } = SIDES[root.side];
  const { publicKey, privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-384' });
  const { pem } = await certify(
    {
      subject: leaf,
      notBefore: now - SKEW_MS,
      notAfter: now + lifetimeMs,
      ca: false,
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: [purpose],
      san,
    },
    publicKey,
    { name: root.name, publicKey: root.publicKey },
    (digest) => sign(digest),
  );
  const certificate = new X509Certificate(pem);
  if (!certificate.verify(root.publicKey)) throw new ChannelError('root_mismatch');
  return {
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    cert: pem,
    notAfter: certificate.validToDate.getTime(),
  };
}
