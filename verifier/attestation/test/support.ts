// SPDX-License-Identifier: Apache-2.0
import {
  type AttestationContents,
  assembleNitroChain,
  attestationPayload,
  buildAttestationDocument,
  buildNitroChain,
  createNitroRoot,
  ES384_HEADER,
  encodeOrderedMap,
  issueChain,
  lockedPcrs,
  type NitroChain,
  nitroProfiles,
  type SignedProfile,
  signCoseSign1,
} from '@enclave-vault/emulator-pki';
import { expect } from 'vitest';
import { type AttestationErrorCode, type VerifyOptions, verifyAttestation } from '../src/index.ts';

/** The time at which the development chain of these tests is issued and, unless a test says otherwise, judged. */
export const AT = Date.UTC(2026, 5, 1, 12);
export const root = createNitroRoot(AT);
export const chain = buildNitroChain({ root, at: AT });

export const measured = lockedPcrs({
  0: Buffer.alloc(48, 0xa0),
  1: Buffer.alloc(48, 0xa1),
  2: Buffer.alloc(48, 0xa2),
  3: Buffer.alloc(48, 0xa3),
});

export const hex = (octet: number): string => Buffer.alloc(48, octet).toString('hex');

/** A document that verifies, but for what `more` changes. */
export const documentOf = (more: Partial<AttestationContents> = {}): Buffer =>
  buildAttestationDocument({ chain, timestamp: AT, pcrs: measured, ...more });

/** A properly signed document whose payload entries `edit` has changed. */
export function documentWith(edit: (entries: ReturnType<typeof attestationPayload>) => void): Buffer {
  const entries = attestationPayload({ chain, timestamp: AT, pcrs: measured });
  edit(entries);
  return signCoseSign1(ES384_HEADER, encodeOrderedMap(entries), chain.privateKey);
}

type Profiles = [SignedProfile, SignedProfile, SignedProfile, SignedProfile];

/** A chain below the root of these tests, whose profiles (regional, zonal, instance, leaf) `edit` has changed. */
export function chainWith(
  edit: (profiles: Profiles) => readonly SignedProfile[],
  keys: Parameters<typeof issueChain>[2] = [],
): NitroChain {
  const { chain: profiles, moduleId } = nitroProfiles(AT);
  return assembleNitroChain(root, issueChain(edit(profiles), root, keys), moduleId);
}

export const verify = (document: Uint8Array, options: Partial<VerifyOptions> = {}) =>
  verifyAttestation(document, { root: root.certificate, at: AT, ...options });

export function expectRefusal(
  code: AttestationErrorCode,
  document: Uint8Array,
  options: Partial<VerifyOptions> = {},
): void {
  expect(() => verify(document, options)).toThrow(
    expect.objectContaining({ name: 'AttestationError', code }),
  );
}
