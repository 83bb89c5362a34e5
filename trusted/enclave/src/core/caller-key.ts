// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { encodeUserData, keyId, parseAttestationRequest } from '@enclave-vault/protocol';
import type { Nsm } from '../ports.ts';

/**
 * The HPKE key pair (DHKEM P-384) of this enclave for its callers, made at boot and never kept anywhere else. So far it is
 * published and nothing is sealed to it; callers that verify its document today need not change when something is.
 */
export class CallerKey {
  readonly privateKey: KeyObject;
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Buffer;
  readonly #userData: Buffer;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    this.privateKey = privateKey;
    this.publicKey = publicKey.export({ type: 'spki', format: 'der' });
    this.#userData = encodeUserData({ purpose: 'enclave-vault/hpke', keyId: keyId(this.publicKey) });
  }

  /**
   * Answers an attestation request.
   * @returns a document over this key and the caller's nonce
   * @throws ProtocolError `malformed`; NsmError
   */
  attest(nsm: Nsm, message: Uint8Array): Promise<Buffer> {
    const nonce = parseAttestationRequest(message);
    return nsm.attest({ publicKey: this.publicKey, userData: this.#userData, nonce });
  }
}
