// SPDX-License-Identifier: Apache-2.0

/** Encryption context of a record's private key. */
export interface RecordKeyContext {
  readonly vault_id: string;
  readonly tenant_id: string;
}

/** A P-384 key pair of a record, whose private half nobody on this side has seen. */
export interface RecordKeyPair {
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** PKCS#8 DER, wrapped by KMS under the record's context; at most 6 KiB. */
  readonly wrappedPrivateKey: Uint8Array;
  /** ARN of the key that wrapped it. */
  readonly keyArn: string;
}

/** A data key of 32 bytes, and what KMS gives it back for. The receiver zeroes `key` when it is done with it. */
export interface DataKey {
  readonly key: Uint8Array;
  readonly wrapped: Uint8Array;
}

/**
 * What an integrity data key is for. Encryption context: {purpose: `integrity/<purpose>`}.
 * - `record`: `_mac` of records
 * - `audit`: hashes of audit entries
 * - `system`: rows of API keys, idempotency keys and the schema
 */
export const INTEGRITY_PURPOSES = ['record', 'audit', 'system'] as const;
export type IntegrityPurpose = (typeof INTEGRITY_PURPOSES)[number];

/** The KMS calls of the vault. It can make record keys and never unwrap one. All methods throw KmsError. */
export interface VaultKms {
  /**
   * GenerateDataKeyPairWithoutPlaintext, ECC_NIST_P384, under the vault key.
   * @param options.once no second attempt: nobody waits, and the caller tries again in his own time
   * @param options.actor who waits for it. Where there are more calls than connections, actors take turns
   */
  generateRecordKeyPair(
    context: RecordKeyContext,
    options?: { readonly once?: boolean; readonly actor?: string },
  ): Promise<RecordKeyPair>;
  /** GenerateDataKey, AES_256, under the request key, context {purpose: "enclave-request/1"}. */
  generateRequestKey(): Promise<DataKey>;
  /** GenerateDataKey, AES_256, under the integrity key. */
  generateIntegrityKey(purpose: IntegrityPurpose): Promise<DataKey>;
  /** Decrypt under the integrity key, with its ARN as KeyId. Returns 32 bytes. */
  unwrapIntegrityKey(wrapped: Uint8Array, purpose: IntegrityPurpose): Promise<Uint8Array>;
}

/**
 * - `denied`: KMS says no: policy, context, disabled or deleted key. A retry does not help
 * - `invalid`: KMS cannot read the wrapped key: altered, or of another key or context
 * - `throttled`, `unavailable`: worth a retry
 */
export type KmsErrorCode = 'denied' | 'invalid' | 'throttled' | 'unavailable';

export class KmsError extends Error {
  override readonly name = 'KmsError';
  readonly code: KmsErrorCode;
  constructor(code: KmsErrorCode, message: string = code, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
