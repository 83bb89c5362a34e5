// SPDX-License-Identifier: Apache-2.0

/** The way to an enclave, through the parent. All methods throw EnclaveClientError. */
export interface EnclaveClient {
  /**
   * Carries a sealed request (protocol's sealRequest) and returns the enclave's answer as it came: a sealed answer or
   * a plaintext ErrorAnswer. Both are for the vault to read.
   * @param deadline milliseconds since the epoch; `timed_out` when it passes
   */
  decrypt(envelope: Uint8Array, deadline: number): Promise<Uint8Array>;
  /** Returns an attestation document, COSE_Sign1. @param nonce 16 to 64 bytes */
  attestation(nonce: Uint8Array, deadline: number): Promise<Uint8Array>;
}

/**
 * - `unavailable`: no parent, no healthy enclave, broken connection
 * - `busy`: parent or enclave carry as much as they can
 * - `timed_out`: the deadline passed
 * - `not_trusted`: known without asking: KMS refuses this enclave
 */
export type EnclaveClientErrorCode = 'unavailable' | 'busy' | 'timed_out' | 'not_trusted';

export class EnclaveClientError extends Error {
  override readonly name = 'EnclaveClientError';
  readonly code: EnclaveClientErrorCode;
  /** Seconds after which a retry may help, where the parent said so. */
  readonly retryAfter: number | undefined;
  constructor(code: EnclaveClientErrorCode, message: string = code, retryAfter?: number) {
    super(message);
    this.code = code;
    this.retryAfter = retryAfter;
  }
}
