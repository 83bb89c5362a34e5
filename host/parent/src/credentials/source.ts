// SPDX-License-Identifier: Apache-2.0
import type { ParentCredentials } from '@enclave-vault/protocol';

/** Which instance this is, for people who look after it; nothing is decided by it. */
export interface InstanceIdentity {
  readonly instanceId: string;
  readonly account: string;
  readonly region: string;
  /** Name of the instance's role. */
  readonly role: string;
}

/** The instance role's credentials, renewed by whoever holds them. They decrypt nothing without an attestation document. */
export interface CredentialSource {
  /** @throws ParentError `no_credentials` when there are none that have not expired */
  current(): Promise<ParentCredentials>;
  /** Whether `current` would answer now. */
  readonly available: boolean;
  /** Null where there is no instance, and until it is known. */
  readonly identity: InstanceIdentity | null;
  close(): void;
}

/** Credentials given once, for one machine without a cloud account. */
export class StaticCredentials implements CredentialSource {
  readonly available = true;
  readonly identity = null;
  readonly #credentials: ParentCredentials;

  constructor(credentials: ParentCredentials) {
    this.#credentials = credentials;
  }

  async current(): Promise<ParentCredentials> {
    return this.#credentials;
  }

  close(): void {}
}
