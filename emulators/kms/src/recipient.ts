// SPDX-License-Identifier: Apache-2.0
import { createHash, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { AttestationError, type VerifiedAttestation, verifyAttestation } from '@enclave-vault/attestation';
import { envelopedData } from '@enclave-vault/emulator-pki';
import type { Conditions } from './conditions.ts';
import { KmsError, StartError } from './errors.ts';

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
/** Enclaves send a document again until they make a new one; verifying its chain costs milliseconds. */
const CACHE_MS = 60_000;
const CACHE_SIZE = 64;

interface Verified {
  /** ms since the epoch: when it was verified, and when it must be for the last time. */
  readonly at: number;
  readonly until: number;
  readonly recipient: Recipient;
}

/** Verifies attestation documents against the configured roots, by the very code that production uses. */
export class RecipientVerifier {
  readonly #roots: readonly string[];
  /** By SHA-256 of the document, oldest first. */
  readonly #cache = new Map<string, Verified>();

  /** @throws {StartError} invalid_config for what is no certificate */
  constructor(roots: readonly string[]) {
    for (const root of roots) checkCertificate(root);
    this.#roots = roots;
  }

  /**
   * @param now ms since the epoch
   * @throws {KmsError} ValidationException, whose explanation has the verifier's code
   */
  verify(document: Buffer, now: number): Recipient {
    const digest = createHash('sha256').update(document).digest('base64');
    const known = this.#cache.get(digest);
    if (known !== undefined && known.at <= now && now <= known.until) return known.recipient;
    this.#cache.delete(digest);
    const attestation = this.#verify(document, now);
    const recipient = recipientOf(attestation);
    const { timestamp, certificateNotAfter } = attestation;
    const until = Math.min(now + CACHE_MS, timestamp + MAX_AGE_MS, certificateNotAfter);
    const [oldest] = this.#cache.keys();
    if (this.#cache.size >= CACHE_SIZE && oldest !== undefined) this.#cache.delete(oldest);
    this.#cache.set(digest, { at: now, until, recipient });
    return recipient;
  }

  #verify(document: Buffer, now: number): VerifiedAttestation {
    for (const root of this.#roots) {
      try {
        return verifyAttestation(document, { root, at: now, maxAgeMs: MAX_AGE_MS });
      } catch (error) {
        if (!(error instanceof AttestationError)) throw error;
        if (error.code !== 'chain_foreign_root') throw refused(error.code);
      }
    }
    throw refused('chain_foreign_root');
  }
}

function recipientOf({ moduleId, pcrs, publicKey }: VerifiedAttestation): Recipient {
  const key = recipientKey(publicKey);
  const conditions: Conditions = {};
  const logged: Record<string, string> = { attestationDocumentModuleId: moduleId };
  for (const [register, value] of pcrs) {
    const hex = value.toString('hex');
    conditions[`kms:RecipientAttestation:PCR${register}`] = hex;
    if (register === 0) {
      conditions['kms:RecipientAttestation:ImageSha384'] = hex;
      logged.attestationDocumentEnclaveImageDigest = hex;
    } else {
      logged[`attestationDocumentEnclavePCR${register}`] = hex;
    }
  }
  return { conditions, logged, encrypt: (plaintext) => envelopedData(key, plaintext) };
}

function checkCertificate(pem: string): void {
  try {
    new X509Certificate(pem);
  } catch {
    throw new StartError('invalid_config', 'config.attestationRoots must be PEM certificates');
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
  if (key?.asymmetricKeyType !== 'rsa' || bits < 2048 || bits > 4096) throw refused('public_key_unusable');
  return key;
}

/** The code is for the log; the caller learns no more than that the document is not taken. */
function refused(code: string): KmsError {
  return new KmsError('ValidationException', 'The attestation document is not valid, or has expired.', {
    decision: 'attestation_refused',
    attestation: code,
  });
}
