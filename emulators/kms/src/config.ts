// SPDX-License-Identifier: Apache-2.0
import type { PolicyDocument } from '@enclave-vault/emulator-iam';

/** Who may call, with the credentials that prove it. */
export interface PrincipalConfig {
  /** ARN of a role (`role/…`, or a session `assumed-role/…/…`), a user (`user/…`) or the account's `root`. */
  readonly arn: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** When set, requests must carry it; when not, they must carry none. */
  readonly sessionToken?: string;
  /** aws:PrincipalTag/… */
  readonly tags?: Readonly<Record<string, string>>;
  readonly identityPolicies: readonly PolicyDocument[];
  readonly boundary?: PolicyDocument;
}

/** Where a listener's requests are taken to come from. Null: from outside any VPC, by the caller's address. */
export interface NetworkConfig {
  /** aws:SourceVpc */
  readonly sourceVpc?: string;
  /** aws:SourceVpce */
  readonly sourceVpce?: string;
  /** Policy of the VPC endpoint; none lets everything pass, as AWS's default does. */
  readonly endpointPolicy?: PolicyDocument;
}

export interface ListenerConfig {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly network: NetworkConfig | null;
}

/** Requests a second for the whole account, as AWS counts them; none by default. */
export interface QuotaConfig {
  /** Decrypt, Encrypt, GenerateDataKey, GenerateDataKeyWithoutPlaintext, GenerateRandom together. AWS: 10,000 and more. */
  readonly symmetric?: number;
  /** GenerateDataKeyPair and GenerateDataKeyPairWithoutPlaintext. AWS: 100 for each ECC spec. */
  readonly keyPairs?: number;
}

export interface KmsEmulatorConfig {
  readonly partition?: string;
  readonly region: string;
  /** 12 digits. */
  readonly account: string;
  /** Null: keys live in memory and go with the process. */
  readonly stateFile: string | null;
  /** Encrypts the state file. */
  readonly passphrase?: string;
  /** File that gets CloudTrail's records, one JSON line each; it and its predecessor (`.1`) are kept to 32 MiB each. */
  readonly eventLog?: string | null;
  /** PEM certificates that attestation documents must chain to. */
  readonly attestationRoots: readonly string[];
  readonly principals: readonly PrincipalConfig[];
  readonly listeners: readonly ListenerConfig[];
  /** ARNs of users and roles that exist in the account without credentials here; key policies may name them. */
  readonly otherPrincipals?: readonly string[];
  /** Names for the TLS certificate beside localhost, 127.0.0.1, ::1 and kms.REGION.vault.internal. */
  readonly hostnames?: readonly string[];
  /** Added to every answer, ms: the way to a real KMS. */
  readonly latencyMs?: number;
  readonly quotas?: QuotaConfig;
}
