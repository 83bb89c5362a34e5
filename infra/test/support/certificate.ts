// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import { issueCertificate } from '@enclave-vault/emulator-pki';

export const CERTIFICATE_ENDS = Date.UTC(2036, 0, 1);

/** A certificate of enclave images: nobody's, for as long as the tests run. */
export const CERTIFICATE = certificate('secp384r1');

export function certificate(namedCurve: string): string {
  return issueCertificate({
    subject: 'enclave images',
    key: generateKeyPairSync('ec', { namedCurve }).privateKey,
    notBefore: Date.UTC(2026, 0, 1),
    notAfter: CERTIFICATE_ENDS,
  }).pem;
}
