// SPDX-License-Identifier: Apache-2.0
import type { Revocation, SecurityGroupRule } from '@enclave-vault/infra';

/**
 * What the plans of deploy and destroy ask of the world: few calls, no SDK types. `aws/` answers them with the AWS SDK,
 * tests with a fake in memory. Adapters throw DeployError and nothing else.
 */

/** A stack as CloudFormation describes it. */
export interface StackState {
  readonly name: string;
  readonly id: string;
  readonly status: string;
  readonly reason?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly terminationProtection: boolean;
}

export type TemplateSource = { readonly body: string } | { readonly url: string };

export interface ChangeSetRequest {
  readonly stack: string;
  readonly kind: 'CREATE' | 'UPDATE';
  readonly changeSet: string;
  readonly template: TemplateSource;
  /** Role that CloudFormation works as; the caller's own rights when absent. */
  readonly role?: string;
  readonly tags: Readonly<Record<string, string>>;
  /** The template has IAM resources with names. */
  readonly namedIam: boolean;
  /** Takes over resources of the template's names that an earlier stack has left behind. */
  readonly adopt: boolean;
  /** Compares with the resources themselves as well, and puts back what was changed beside CloudFormation. */
  readonly revertDrift?: true;
}

export interface ResourceChange {
  readonly action: 'Add' | 'Modify' | 'Remove' | 'Import' | 'Dynamic' | string;
  readonly logicalId: string;
  readonly type: string;
  readonly replacement: 'True' | 'False' | 'Conditional' | string;
  /** Top-level properties that change. */
  readonly properties: readonly string[];
  /** Of a drift-aware change set: `IN_SYNC`, `MODIFIED`, `DELETED`, … */
  readonly drift?: string;
}

export interface ChangeSetState {
  readonly status: string;
  readonly reason?: string;
  readonly changes: readonly ResourceChange[];
}

export interface StackEvent {
  readonly id: string;
  /** ms since the epoch. */
  readonly time: number;
  readonly logicalId: string;
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
}

/** CloudFormation in one Region. */
export interface Stacks {
  readonly region: string;
  readonly describe: (stack: string) => Promise<StackState | undefined>;
  /** The template last applied, as text. */
  readonly template: (stack: string) => Promise<string>;
  /** @returns id of the change set */
  readonly propose: (request: ChangeSetRequest) => Promise<string>;
  readonly proposal: (changeSet: string) => Promise<ChangeSetState>;
  readonly withdraw: (changeSet: string) => Promise<void>;
  readonly execute: (changeSet: string) => Promise<void>;
  readonly remove: (stack: string, role: string | undefined) => Promise<void>;
  readonly protect: (stack: string, on: boolean) => Promise<void>;
  /** Newest first; pages are fetched as they are read. @param stack name or, of a deleted one, id */
  readonly events: (stack: string) => AsyncIterable<StackEvent>;
}

export interface StoredObject {
  readonly version: string;
  /** Lower-case hex, as S3 computed it; absent of an object that was put without. */
  readonly sha256?: string;
}

/** The bucket of artifacts. */
export interface Objects {
  /** The newest version under a key. */
  readonly find: (bucket: string, key: string) => Promise<StoredObject | undefined>;
  /** @param sha256 lower-case hex: S3 refuses other bytes */
  readonly put: (bucket: string, key: string, bytes: Uint8Array, sha256: string) => Promise<StoredObject>;
  readonly get: (bucket: string, key: string, version: string) => Promise<Buffer>;
  /** URL of a template, for CloudFormation. */
  readonly url: (bucket: string, key: string, version: string) => string;
  /**
   * Deletes every version of every object.
   * @param locked its versions are under Object Lock in governance mode, which is passed by
   * @param onBatch called with the number deleted so far
   */
  readonly empty: (bucket: string, locked: boolean, onBatch: (deleted: number) => void) => Promise<number>;
}

export interface SigningJob {
  readonly status: 'InProgress' | 'Succeeded' | 'Failed' | string;
  readonly reason?: string;
  readonly profileVersion?: string;
  readonly source?: { readonly bucket: string; readonly key: string; readonly version: string };
  readonly signed?: { readonly bucket: string; readonly key: string };
}

/** AWS Signer. */
export interface Signing {
  /** @returns id of the job */
  readonly start: (job: {
    readonly profile: string;
    readonly source: { readonly bucket: string; readonly key: string; readonly version: string };
    readonly prefix: string;
  }) => Promise<string>;
  /** undefined when Signer does not know the job (any more). */
  readonly job: (id: string) => Promise<SigningJob | undefined>;
}

export interface Instance {
  readonly id: string;
  /** `InService`, `Pending`, `Terminating`, … */
  readonly lifecycle: string;
  /** Of the launch template; absent when it has none. */
  readonly templateVersion?: string;
}

export interface Fleet {
  readonly desired: number;
  /** Version of the launch template that new instances get. */
  readonly templateVersion?: string;
  readonly instances: readonly Instance[];
}

export interface Target {
  readonly id: string;
  /** `healthy`, `initial`, `unhealthy`, `draining`, `unused`, … */
  readonly state: string;
  readonly reason?: string;
}

/** Instances and the load balancer before them. */
export interface Machines {
  readonly fleet: (group: string) => Promise<Fleet>;
  readonly targets: (targetGroup: string) => Promise<readonly Target[]>;
}

export interface Caller {
  readonly account: string;
  /** As STS says it: of an assumed role, the session. */
  readonly arn: string;
}

/** What an account and its Region say before anything is made. */
export interface Account {
  readonly caller: () => Promise<Caller>;
  /** ARN with its path of the role that the caller has assumed; of anybody else undefined. */
  readonly roleArn: (name: string) => Promise<string | undefined>;
  /** Names of the zones that the account may use. */
  readonly zones: () => Promise<readonly string[]>;
  /** Ids of AWS's own prefix lists by name, such as `com.amazonaws.eu-central-1.s3`. */
  readonly prefixLists: () => Promise<Readonly<Record<string, string>>>;
  /** Of EC2, by quota code: vCPUs. */
  readonly quota: (code: string) => Promise<number>;
  /** Role by which API Gateway logs, of the account; undefined where none is set. */
  readonly gatewayLogRole: () => Promise<string | undefined>;
  readonly setGatewayLogRole: (arn: string) => Promise<void>;
}

/** What is left to do in a network by hand, before and after its stack. */
export interface Network {
  /** Rules of a security group. */
  readonly rules: (group: string) => Promise<readonly SecurityGroupRule[]>;
  readonly revoke: (revocation: Revocation) => Promise<void>;
  /** Network interfaces that are still in a VPC, described in a few words each. */
  readonly interfaces: (vpc: string) => Promise<readonly string[]>;
}

export interface Functions {
  /** Answer of a function, parsed from JSON. */
  readonly invoke: (
    name: string,
    payload: unknown,
  ) => Promise<{ readonly failed: boolean; readonly answer: unknown }>;
}

export interface Keys {
  /** DER SubjectPublicKeyInfo of a signing key. */
  readonly publicKey: (arn: string) => Promise<Uint8Array>;
}

export interface Cloud {
  readonly stacks: (region: string) => Stacks;
  readonly objects: Objects;
  readonly signing: Signing;
  readonly machines: Machines;
  readonly account: Account;
  readonly network: Network;
  readonly functions: Functions;
  readonly keys: Keys;
}

export interface Clock {
  readonly now: () => number;
  /** @throws {DeployError} `interrupted` */
  readonly sleep: (ms: number) => Promise<void>;
}

/** Where progress goes, and where questions are answered. */
export interface Console {
  readonly say: (line: string) => void;
  /** undefined where nobody can answer. */
  readonly ask: (question: string) => Promise<string | undefined>;
}
