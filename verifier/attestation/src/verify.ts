// SPDX-License-Identifier: Apache-2.0
import { type KeyObject, verify } from 'node:crypto';
import { type CoseSign1, coseSign1ToBeSigned } from '@enclave-vault/codec';
import { AWS_NITRO_ROOT, AWS_NITRO_ROOT_SHA256 } from './aws-root.ts';
import { verifyChain } from './chain.ts';
import { type AttestationClaims, unsafeParseAttestation } from './document.ts';
import { AttestationError, type AttestationErrorCode } from './errors.ts';
import { checkPcrs, checkPolicy, type PcrPolicy } from './pcr-policy.ts';
import { fingerprintOf, parseRoot } from './root.ts';

/** How far a hypervisor's clock may be ahead of the verifier's. */
const MAX_AHEAD_MS = 60_000;

export type VerifyOptions = {
  /** The trust anchor, PEM or DER. Default: the pinned root of AWS. Another one is a development root, and has to be passed each time. */
  readonly root?: string | Uint8Array | undefined;
  /** True refuses every trust anchor but the one of AWS. */
  readonly production?: boolean | undefined;
  /** The time to judge by, ms since the epoch or a Date. */
  readonly at: number | Date;
  /** Oldest document to take, in ms. Left out: as long as its certificates are valid, some three hours. */
  readonly maxAgeMs?: number | undefined;
  /** Registers to compare; several policies are alternatives, each to be met as a whole. */
  readonly pcrs?: PcrPolicy | readonly PcrPolicy[] | undefined;
  /** Registers that must be in the document, besides 0, 1 and 2. */
  readonly requirePcrs?: readonly number[] | undefined;
  /** Bytes the document must carry. Left out: not looked at. */
  readonly nonce?: Uint8Array | undefined;
  readonly userData?: Uint8Array | undefined;
  readonly publicKey?: Uint8Array | undefined;
};

export type VerifiedAttestation = AttestationClaims & {
  /** The leaf's span, ms since the epoch. After its end the document proves nothing any more. */
  readonly certificateNotBefore: number;
  readonly certificateNotAfter: number;
  /** Whether the pinned root of AWS vouches for it, and not a development root. */
  readonly production: boolean;
};

/**
 * Verifies a Nitro attestation document. The numbers are the steps of SPEC.md; the first one that fails decides the error's code.
 *
 * @throws AttestationError
 */
export function verifyAttestation(document: Uint8Array, options: VerifyOptions): VerifiedAttestation {
  // 1. What to judge by: time, policy, trust anchor.
  const expected = readOptions(options);
  const root = parseRoot(expected.root);
  const production = fingerprintOf(root) === AWS_NITRO_ROOT_SHA256;
  if (expected.production && !production) throw new AttestationError('root_not_production');

  // 2. to 4. The form: COSE_Sign1, its headers, the payload.
  const { claims, certificate, cabundle, envelope } = unsafeParseAttestation(document);

  // 5. to 7. The certificates, from the trust anchor to the leaf, at that time.
  const leaf = verifyChain(root, cabundle, certificate, expected.at);

  // 8. The signature, by the leaf's key.
  checkSignature(envelope, leaf.publicKey);

  // 9. to 11. What it says: its age, the measured program, what the caller bound it to.
  checkAge(claims.timestamp, expected.at, expected.maxAgeMs);
  checkPcrs(claims.pcrs, expected.pcrs, expected.requirePcrs);
  checkBound(claims.nonce, expected.nonce, 'nonce_mismatch');
  checkBound(claims.userData, expected.userData, 'user_data_mismatch');
  checkBound(claims.publicKey, expected.publicKey, 'public_key_mismatch');

  return {
    ...claims,
    certificateNotBefore: leaf.x509.validFromDate.getTime(),
    certificateNotAfter: leaf.x509.validToDate.getTime(),
    production,
  };
}

/** Reads each option once, and refuses what would quietly switch a check off. */
function readOptions(options: VerifyOptions) {
  const { root = AWS_NITRO_ROOT, production = false, maxAgeMs, pcrs, requirePcrs = [] } = options;
  const { nonce, userData, publicKey } = options;
  const at = Number(options.at);
  const age = maxAgeMs ?? 0;
  if (!Number.isFinite(at) || !Number.isFinite(age) || age < 0) throw new AttestationError('options_invalid');
  const policies = pcrs === undefined || isList(pcrs) ? pcrs : [pcrs];
  checkPolicy(policies ?? [], requirePcrs);
  return { root, production, at, maxAgeMs, pcrs: policies, requirePcrs, nonce, userData, publicKey };
}

const isList = (pcrs: PcrPolicy | readonly PcrPolicy[]): pcrs is readonly PcrPolicy[] => Array.isArray(pcrs);

/** Step 8: ECDSA P-384 with SHA-384, r || s (RFC 9053 section 2.1), over the Sig_structure. */
function checkSignature({ protectedHeader, payload, signature }: CoseSign1, key: KeyObject): void {
  const signed = coseSign1ToBeSigned(protectedHeader, payload);
  if (!verify('sha384', signed, { key, dsaEncoding: 'ieee-p1363' }, signature)) {
    throw new AttestationError('signature_invalid');
  }
}

/** Step 9. */
function checkAge(timestamp: number, at: number, maxAgeMs: number | undefined): void {
  if (timestamp > at + MAX_AHEAD_MS) throw new AttestationError('document_from_future');
  if (maxAgeMs !== undefined && timestamp < at - maxAgeMs) throw new AttestationError('document_stale');
}

/** Step 11. */
function checkBound(
  found: Buffer | undefined,
  expected: Uint8Array | undefined,
  code: AttestationErrorCode,
): void {
  if (expected !== undefined && found?.equals(expected) !== true) throw new AttestationError(code);
}
