// SPDX-License-Identifier: Apache-2.0
import type { PolicyDocument } from '@enclave-vault/emulator-iam';
import type { KeySpec } from '../specs.ts';

export type KeyState = 'Enabled' | 'Disabled' | 'PendingDeletion';

/** One generation of a key's material. Older ones stay: a ciphertext names the one it was made with. */
export interface KeyMaterial {
  /** 64 hex digits, AWS's KeyMaterialId. */
  readonly id: string;
  /** AES-256 key; of a key that signs, PKCS #8 DER. */
  readonly bytes: Buffer;
  /** ms since the epoch. */
  readonly createdAt: number;
  readonly origin: 'CREATED' | 'AUTOMATIC' | 'ON_DEMAND';
}

export interface Tag {
  readonly TagKey: string;
  readonly TagValue: string;
}

/** What a grant may allow here (KMS API Reference, "CreateGrant"). */
export const GRANTED = [
  'Decrypt',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'Sign',
  'Verify',
  'GetPublicKey',
  'CreateGrant',
  'DescribeKey',
] as const;

export interface Grant {
  /** 64 hex digits. */
  readonly id: string;
  /** ARNs. */
  readonly grantee: string;
  readonly retiring: string | null;
  readonly operations: readonly (typeof GRANTED)[number][];
  /** Encryption contexts: pairs that must be there, and all that may. */
  readonly subset: Readonly<Record<string, string>> | null;
  readonly equals: Readonly<Record<string, string>> | null;
  readonly name: string | null;
  /** ms since the epoch. */
  readonly createdAt: number;
  readonly issuer: string;
}

/** A key of origin AWS_KMS and one Region: for symmetric encryption, or for signing on a curve of NIST. */
export interface KmsKey {
  /** UUID. */
  readonly id: string;
  readonly spec: KeySpec;
  readonly description: string;
  readonly createdAt: number;
  readonly state: KeyState;
  /** ms since the epoch, when the state is PendingDeletion. */
  readonly deletionAt: number | null;
  /** The policy as it was put, byte for byte, and parsed. */
  readonly policyText: string;
  readonly policy: PolicyDocument;
  readonly tags: readonly Tag[];
  /** Oldest first. */
  readonly grants: readonly Grant[];
  readonly rotation: { readonly periodDays: number; readonly nextAt: number } | null;
  /** Oldest first, never empty, exactly one of a key that signs; a material's index is part of the ciphertexts made with it. */
  readonly materials: readonly KeyMaterial[];
}

export interface Alias {
  /** With its prefix `alias/`. */
  readonly name: string;
  readonly keyId: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The local certificate authority: clients keep trusting it over restarts, and the enclave's PCR16 measures it. */
export interface Authority {
  readonly certificate: string;
  /** PKCS#8 PEM. */
  readonly privateKey: string;
}

/** All that outlives the process. Immutable: a change makes a new one, which is written before it is used. */
export interface State {
  readonly region: string;
  readonly account: string;
  readonly authority: Authority;
  /** In order of creation. */
  readonly keys: ReadonlyMap<string, KmsKey>;
  /** By name. */
  readonly aliases: ReadonlyMap<string, Alias>;
}
