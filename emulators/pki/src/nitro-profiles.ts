// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import type { CertificateProfile, Name } from '@enclave-vault/x509';

/** Common name of the development root, by which people and the verifier's callers tell it from the one of AWS. */
export const DEVELOPMENT_ROOT_NAME = 'enclave-vault development root';

const ORGANIZATION = 'Enclave Vault development';
const SUFFIX = 'development.nitro-enclaves';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

/** Whose enclave a chain is for. */
export type NitroIdentity = {
  readonly region: string;
  /** `i-` and 17 hex digits. */
  readonly instanceId: string;
  /** `<instance id>-enc` and 16 hex digits. */
  readonly moduleId: string;
};

const CA_USAGE = ['digitalSignature', 'keyCertSign', 'cRLSign'] as const;

/** Profile of a development root, after the root of AWS: a CA without a path length, 20 years. @param at ms since the epoch */
export function nitroRootProfile(at: number): CertificateProfile {
  return {
    subject: [
      ['C', 'US'],
      ['O', ORGANIZATION],
      ['OU', 'Not AWS'],
      ['CN', DEVELOPMENT_ROOT_NAME],
    ],
    notBefore: at - HOUR,
    notAfter: at + 20 * 365 * DAY,
    ca: true,
    keyUsage: CA_USAGE,
  };
}

/**
 * Profiles of regional, zonal and instance certificate and leaf, in this order: names, path lengths, key usages and life spans as
 * in the chains of real documents.
 *
 * @param at time of issue, ms since the epoch
 */
export function nitroProfiles(
  at: number,
  identity: Partial<NitroIdentity> = {},
): {
  chain: [CertificateProfile, CertificateProfile, CertificateProfile, CertificateProfile];
  moduleId: string;
} {
  const region = identity.region ?? 'us-east-1';
  const instanceId = identity.instanceId ?? `i-${randomBytes(9).toString('hex').slice(1)}`;
  const moduleId = identity.moduleId ?? `${instanceId}-enc${randomBytes(8).toString('hex')}`;
  const regional: CertificateProfile = {
    subject: [
      ['C', 'US'],
      ['O', ORGANIZATION],
      ['OU', 'Not AWS'],
      ['CN', `${randomBytes(8).toString('hex')}.${region}.${SUFFIX}`],
    ],
    notBefore: at - 5 * DAY,
    notAfter: at + 15 * DAY,
    ca: true,
    pathLen: 2,
    keyUsage: CA_USAGE,
  };
  const zonal: CertificateProfile = {
    subject: [
      ['CN', `${randomBytes(8).toString('hex')}.zonal.${region}.${SUFFIX}`],
      ['OU', 'Not AWS'],
      ['O', ORGANIZATION],
      ['C', 'US'],
      ['ST', 'WA'],
      ['L', 'Seattle'],
    ],
    notBefore: at - 9 * HOUR,
    notAfter: at + 5 * DAY,
    ca: true,
    pathLen: 1,
    keyUsage: CA_USAGE,
  };
  const instance: CertificateProfile = {
    subject: instanceName(`${instanceId}.${region}.${SUFFIX}`),
    notBefore: at - HOUR,
    notAfter: at + 23 * HOUR,
    ca: true,
    pathLen: 0,
    keyUsage: ['keyCertSign'],
    keyIdentifiers: false,
  };
  const leaf: CertificateProfile = {
    subject: instanceName(`${moduleId}.${region}.development`),
    notBefore: at - 3 * SECOND,
    notAfter: at + 3 * HOUR,
    ca: false,
    keyUsage: ['digitalSignature', 'nonRepudiation'],
    keyUsageCritical: false,
    keyIdentifiers: false,
  };
  return { chain: [regional, zonal, instance, leaf], moduleId };
}

function instanceName(commonName: string): Name {
  return [
    ['C', 'US'],
    ['ST', 'Washington'],
    ['L', 'Seattle'],
    ['O', ORGANIZATION],
    ['OU', 'Not AWS'],
    ['CN', commonName],
  ];
}
