// SPDX-License-Identifier: Apache-2.0
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from 'node:crypto';
import { PkiError } from '@enclave-vault/x509';
import { issueCertificate, type SignedProfile } from './certificate.ts';
import { type NitroIdentity, nitroProfiles, nitroRootProfile } from './nitro-profiles.ts';

/** A certificate and its private key: P-384 all along a chain of Nitro. */
export type CertifiedKey = { readonly certificate: Buffer; readonly privateKey: KeyObject };

/** What an NSM signs with. `cabundle` has the root first and the leaf's issuer last, as in an attestation document. */
export type NitroChain = {
  readonly root: CertifiedKey;
  readonly cabundle: readonly Buffer[];
  readonly certificate: Buffer;
  readonly privateKey: KeyObject;
  readonly moduleId: string;
  /** End of the leaf, ms since the epoch. */
  readonly notAfter: number;
};

const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey;

/** Makes a development root, valid for 20 years from an hour before `at` (ms since the epoch). */
export function createNitroRoot(at: number): CertifiedKey {
  return issueChain([nitroRootProfile(at)]).at(0) as CertifiedKey;
}

/**
 * Reads a root back from PEM: certificate, and private key in PKCS #8.
 *
 * @throws PkiError `invalid_issuer` where the key is not the certificate's
 */
export function loadNitroRoot(certificatePem: string, privateKeyPem: string): CertifiedKey {
  const certificate = new X509Certificate(certificatePem);
  const privateKey = createPrivateKey(privateKeyPem);
  if (!certificate.publicKey.equals(createPublicKey(privateKey))) throw new PkiError('invalid_issuer');
  return { certificate: certificate.raw, privateKey };
}

/** Issues certificates one from the other, each with a fresh key unless `keys` names one; the first by `issuer`, or self-signed. */
export function issueChain(
  profiles: readonly SignedProfile[],
  issuer?: CertifiedKey,
  keys: readonly (KeyObject | undefined)[] = [],
): CertifiedKey[] {
  const issued: CertifiedKey[] = [];
  for (const [index, profile] of profiles.entries()) {
    const above = issued.at(-1) ?? issuer;
    const privateKey = keys[index] ?? newKey();
    const { der } = issueCertificate({
      ...profile,
      key: privateKey,
      ...(above === undefined ? {} : { issuer: { certificate: above.certificate, key: above.privateKey } }),
    });
    issued.push({ certificate: der, privateKey });
  }
  return issued;
}

export type NitroChainOptions = Partial<NitroIdentity> & {
  /** Default: a new development root. */
  readonly root?: CertifiedKey;
  /** Time of issue, ms since the epoch. */
  readonly at: number;
};

/**
 * Builds a chain of the shape that real documents have: root, regional, zonal, instance, and a leaf of three hours and three seconds.
 *
 * @throws PkiError
 */
export function buildNitroChain({ root: given, at, ...identity }: NitroChainOptions): NitroChain {
  const root = given ?? createNitroRoot(at);
  const profiles = nitroProfiles(at, identity);
  return assembleNitroChain(root, issueChain(profiles.chain, root), profiles.moduleId);
}

/** Puts certificates issued below `root`, the leaf last, into the form an attestation document takes. @throws PkiError `invalid_chain` */
export function assembleNitroChain(
  root: CertifiedKey,
  issued: readonly CertifiedKey[],
  moduleId: string,
): NitroChain {
  const leaf = issued.at(-1);
  if (leaf === undefined) throw new PkiError('invalid_chain');
  return {
    root,
    cabundle: [root, ...issued.slice(0, -1)].map(({ certificate }) => certificate),
    certificate: leaf.certificate,
    privateKey: leaf.privateKey,
    moduleId,
    notAfter: new X509Certificate(leaf.certificate).validToDate.getTime(),
  };
}
