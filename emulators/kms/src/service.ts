// SPDX-License-Identifier: Apache-2.0
import type { KmsEmulatorConfig, NetworkConfig, PrincipalConfig } from './config.ts';
import type { Recipient, RecipientVerifier } from './recipient.ts';
import type { StateStore } from './state/store.ts';

/** What every operation works with. */
export interface Service {
  readonly config: KmsEmulatorConfig;
  readonly partition: string;
  readonly store: StateStore;
  readonly recipients: RecipientVerifier;
  /** ARNs of users and roles that exist in the account. */
  readonly existingPrincipals: ReadonlySet<string>;
  /** ms since the epoch. */
  readonly clock: () => number;
}

/** One request whose signature was verified, and what the event log will say of it. */
export interface Call {
  readonly service: Service;
  readonly requestId: string;
  /** Name of the operation, as in `Decrypt`. */
  readonly operation: string;
  readonly principal: PrincipalConfig;
  readonly network: NetworkConfig | null;
  readonly sourceAddress: string;
  readonly userAgent: string;
  /** ms since the epoch, when it came. */
  readonly now: number;
  /** Filled in on the way: keys it was about, and the attested recipient. */
  readonly resources: Set<string>;
  recipient: Recipient | null;
}
