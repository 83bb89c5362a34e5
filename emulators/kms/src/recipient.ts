// SPDX-License-Identifier: Apache-2.0
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { AttestationError, type VerifiedAttestation, verifyAttestation } from '@enclave-vault/attestation';
import { envelopedData } from '@enclave-vault/emulator-pki';
import type { Conditions } from './conditions.ts';
import { KmsError } from './errors.ts';

/** A verified party that gets its answer encrypted: an enclave. */
export interface Recipient {
  /** kms:RecipientAttestation:ImageSha384 and :PCRn */
  readonly conditions: Conditions;
  /** CloudTrail's additionalEventData.recipient */
  readonly logged: Readonly<Record<string, string>>;
  /** CiphertextForRecipient: CMS EnvelopedData. */
  readonly encrypt: (plaintext: Buffer) => Buffer;
}

/** KMS takes a document for 5 minutes (KMS Developer Guide, "How to call AWS KMS APIs for a Nitro enclave"). */
const MAX_AGE_MS = 5 * 60_000;
/** The clocks of hypervisor and KMS differ by less. */
const MAX_AHEAD_MS = 60_000;
/** Enclaves send a document again until they make a new one; verifying its chain costs milliseconds. */
const CACHE_SIZE = 64;

interface Verified {
  readonly attestation: VerifiedAttestation;
  readonly recipient: Recipient;
}

/** Verifies attestation documents against the configured roots, by the very code that production uses. */
export class RecipientVerifier {
  readonly #roots: readonly string[];
  readonly #cache = new Map<string, Verified>();

  constructor(roots: readonly string[]) {
    this.#roots = roots;
  }

  /**
   * @param now ms since the epoch
   * @throws {KmsError} ValidationException, whose explanation has the verifier's code
   */
  verify(document: Buffer, now: number): Recipient {
    const digest = createHash('sha256').update(document).digest('base64');
    const known = this.#cache.get(digest);
    const { attestation, recipient } = known ?? this.#verify(document, now);
    checkTime(attestation, now);
    if (known === undefined) {
      const [oldest] = this.#cache.keys();
      if (this.#cache.size >= CACHE_SIZE && oldest !== undefined) this.#cache.delete(oldest);
      this.#cache.set(digest, { attestation, recipient });
    }
    return recipient;
  }

  #verify(document: Buffer, now: number): Verified {
    const attestation = this.#verifyAgainstRoots(document, now);
    const { pcrs, publicKey } = attestation;
    // Debug mode: "attestation documents … can't be used for cryptographic attestation" (Nitro Enclaves User Guide).
    const debug = [0, 1, 2].some((register) => pcrs.get(register)?.every((byte) => byte === 0) ?? true);
    if (debug) throw refused('debug_mode', 'The attestation document is of an enclave in debug mode.');
    const key = recipientKey(publicKey);
    const hex = [...pcrs].map(([register, value]) => [register, value.toString('hex')] as const);
    const conditions: Conditions = {};
    const logged: Record<string, string> = { attestationDocumentModuleId: attestation.moduleId };
    for (const [register, value] of hex) {
      conditions[`kms:RecipientAttestation:PCR${register}`] = value;
      if (register === 0) {
        conditions['kms:RecipientAttestation:ImageSha384'] = value;
        logged.attestationDocumentEnclaveImageDigest = value;
      } else {
        logged[`attestationDocumentEnclavePCR${register}`] = value;
      }
    }
    return {
      attestation,
      recipient: { conditions, logged, encrypt: (plaintext) => envelopedData(key, plaintext) },
    };
  }

  #verifyAgainstRoots(document: Buffer, now: number): VerifiedAttestation {
    let failure: unknown;
    for (const root of this.#roots) {
      try {
        return verifyAttestation(document, { root, at: now });
      } catch (error) {
        failure = error;
      }
    }
    if (failure !== undefined && !(failure instanceof AttestationError)) throw failure;
    throw refused(failure?.code ?? 'no_roots', 'The attestation document is not valid.');
  }
}

/** The document's own time and its certificates', also for a document that was verified before. */
function checkTime({ timestamp, certificateNotAfter }: VerifiedAttestation, now: number): void {
  if (timestamp < now - MAX_AGE_MS || certificateNotAfter < now) {
    throw refused('document_expired', 'The attestation document has expired.');
  }
  if (timestamp > now + MAX_AHEAD_MS) {
    throw refused('document_not_yet_valid', 'The attestation document is not valid yet.');
  }
}

function recipientKey(der: Buffer | undefined): KeyObject {
  let key: KeyObject | undefined;
  try {
    if (der !== undefined) key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch {
    // Below, with the other keys that KMS cannot encrypt to.
  }
  const bits = key?.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key?.asymmetricKeyType !== 'rsa' || bits < 2048 || bits > 4096) {
    throw refused(
      'public_key_unusable',
      'The attestation document must contain an RSA public key of 2048 to 4096 bits.',
    );
  }
  return key;
}

function refused(code: string, message: string): KmsError {
  return new KmsError('ValidationException', message, { decision: 'attestation_refused', attestation: code });
}
