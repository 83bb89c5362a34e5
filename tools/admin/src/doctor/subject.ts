// SPDX-License-Identifier: Apache-2.0
import type { Deployment, Measurements } from '@enclave-vault/policies';
import type { Outcome } from './check.ts';
import type { Clients } from './clients.ts';
import type { ParentLink } from './parent-link.ts';

/** What a key of the deployment is for. */
export type KeyUse = 'vault' | 'request' | 'integrity' | 'legacy' | 'channel-client' | 'channel-server';

export interface KeySubject {
  readonly use: KeyUse;
  readonly arn: string;
}

/** Whose credentials a check uses. Without credentials: the SDK's default chain, as any AWS program finds them here. */
export interface Caller {
  readonly name: string;
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/** A service's endpoint; the Region's own when absent. */
export interface Endpoint {
  readonly url?: string | undefined;
  /** PEM roots instead of the system's. */
  readonly ca?: string | undefined;
}

export type StoreSubject =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'dynamodb'; readonly table: string };

export type AuditSubject =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'log_group'; readonly logGroup: string };

/** Registers that an enclave may measure to; one that is not there is not known here. */
export type Expected = { readonly [R in keyof Measurements]?: readonly string[] | undefined };

/** A deployment, as far as it is known from where the doctor stands. What is missing is skipped, with its reason. */
export interface Subject {
  readonly title: string;
  /** True: AWS's own root, STS and no development trust. */
  readonly production: boolean;
  readonly region: string;
  /** How the configuration read. */
  readonly configuration: readonly Outcome[];
  readonly deployment?: Deployment | undefined;
  /** From the manifest and the role files. */
  readonly expected: Expected;
  readonly keys: readonly KeySubject[];
  /** Who may look at things; the first one is asked. */
  readonly callers: readonly [Caller, ...Caller[]];
  /** The role that `--as` says the doctor has. */
  readonly as?: Role | undefined;
  readonly endpoints: { readonly [S in 'kms' | 'sts' | 'dynamodb' | 'logs']?: Endpoint | undefined };
  readonly store?: StoreSubject | undefined;
  readonly audit?: AuditSubject | undefined;
  readonly parent?: ParentLink | undefined;
  /** Why there is no parent to ask, when there is none. */
  readonly noParent?: string | undefined;
  /** PEM; AWS's when absent. */
  readonly attestationRoot?: string | undefined;
  readonly clients: Clients;
  /** ms since the epoch. */
  readonly now: () => number;
}

/** A role of the deployment, or the operator's that reads. */
export type Role = keyof Deployment['roles'] | 'admin';
