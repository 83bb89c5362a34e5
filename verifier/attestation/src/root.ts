// SPDX-License-Identifier: Apache-2.0
import { createHash, X509Certificate } from 'node:crypto';
import { AWS_NITRO_ROOT_SHA256 } from './aws-root.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import { AttestationError } from './errors.ts';

/**
 * Parses a trust anchor. SPEC.md, step 1.
 *
 * @param root one certificate, PEM text or DER bytes
 * @throws AttestationError `root_invalid`
 */
export function parseRoot(root: string | Uint8Array): Certificate {
  try {
    const der = typeof root === 'string' ? new X509Certificate(root).raw : Buffer.from(root);
    return parseCertificate(der);
  } catch {
    throw new AttestationError('root_invalid');
  }
}

/** SHA-256 of a certificate's DER, lower-case hex. */
export function fingerprintOf({ der }: Certificate): string {
  return createHash('sha256').update(der).digest('hex');
}

/**
 * Refuses every root but the pinned one of AWS, whatever it calls itself. For processes to call when they start in production.
 *
 * @throws AttestationError `root_invalid`, `root_not_production`
 */
export function assertProductionRoot(root: string | Uint8Array): void {
  if (fingerprintOf(parseRoot(root)) !== AWS_NITRO_ROOT_SHA256)
    throw new AttestationError('root_not_production');
}
