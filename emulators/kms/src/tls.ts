// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { issueCertificate } from '@enclave-vault/emulator-pki';
import type { KmsEmulatorConfig } from './config.ts';
import type { Authority } from './state/model.ts';

const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3650;
/** A new one is issued at each start; no client takes one of more than 825 days (Apple's limit, the strictest). */
const SERVER_DAYS = 825;

/** Makes the local certificate authority. It signs server certificates of this emulator only. */
export function createAuthority({ region }: KmsEmulatorConfig, now: number): Authority {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const { pem } = issueCertificate({
    subject: `enclave-vault development KMS ${region}`,
    key: privateKey,
    ca: true,
    pathLen: 0,
    keyUsage: ['keyCertSign', 'cRLSign'],
    notBefore: now - DAY_MS,
    notAfter: now + AUTHORITY_DAYS * DAY_MS,
  });
  return { certificate: pem, privateKey: toPem(privateKey) };
}

/** Certificate (with its authority's behind it) and key of the server, PEM. P-256: the cheapest handshake. */
export function issueServerCertificate(
  authority: Authority,
  { region, hostnames = [] }: KmsEmulatorConfig,
  now: number,
): { certificate: string; privateKey: string } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const names = ['localhost', `kms.${region}.vault.internal`, '127.0.0.1', '::1', ...hostnames];
  const { pem } = issueCertificate({
    subject: `kms.${region}.vault.internal`,
    issuer: { certificate: authority.certificate, key: createPrivateKey(authority.privateKey) },
    key: privateKey,
    ca: false,
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: ['serverAuth'],
    san: { dns: names.filter((name) => isIP(name) === 0), ip: names.filter((name) => isIP(name) !== 0) },
    notBefore: now - DAY_MS,
    notAfter: now + SERVER_DAYS * DAY_MS,
  });
  return {
    certificate: pem + authority.certificate,
    privateKey: toPem(privateKey),
  };
}

function toPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
