// SPDX-License-Identifier: Apache-2.0

/** One value or several, as the policy grammar allows everywhere. */
export type OneOrMany = string | readonly string[];

/** Condition operator -> condition key -> value or values. */
export type ConditionBlock = Readonly<Record<string, Readonly<Record<string, OneOrMany>>>>;

/** Who a statement of a resource policy speaks about. */
export type PrincipalElement = '*' | { readonly AWS?: OneOrMany; readonly Service?: OneOrMany };

/** A statement as this package writes it: always with a Sid, never with a Not… element but NotAction. */
export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: PrincipalElement;
  readonly Action?: OneOrMany;
  readonly NotAction?: OneOrMany;
  readonly Resource: OneOrMany;
  readonly Condition?: ConditionBlock;
}

/** A policy document, ready for JSON.stringify. */
export interface PolicyDocument {
  readonly Version: '2012-10-17';
  /** Resource policies only: the name a reader finds in explanations and logs. */
  readonly Id?: string;
  readonly Statement: readonly Statement[];
}

/** The roles of a deployment, as IAM role ARNs (path included, no wildcards). */
export interface Roles {
  /** Runs the HTTP API. */
  readonly api: string;
  /** The parent instance, whose credentials the enclave uses. Its ARN is what PCR3 measures. */
  readonly instance: string;
  /** CloudFormation's execution role, for laptop and pipeline alike: the one that writes key policies. */
  readonly deployment: string;
  /** For emergencies, with people's approval and an alarm on each use. */
  readonly breakGlass: string;
}

/** An account and the name and roles of a deployment in it: what is known before anything is made. */
export interface Home {
  /** `aws`, `aws-cn`, `aws-us-gov`, … */
  readonly partition: string;
  /** 12 digits. */
  readonly account: string;
  readonly region: string;
  /** Lower-case name of the deployment: prefix of policy ids, path of its IAM roles, name of its aliases. */
  readonly name: string;
  readonly roles: Roles;
  /** Regions the deployment role may replicate keys to. None when absent. */
  readonly replicaRegions?: readonly string[];
  /** Roles of people and pipelines that run the deploy command, from outside the VPC. None when absent. */
  readonly deployers?: readonly string[];
}

/** Where a vault lives and who works in it: everything a policy document depends on but the measurements. */
export interface Deployment extends Home {
  readonly network: {
    readonly vpcId: string;
    /** When given, KMS calls must come through this very interface endpoint. */
    readonly vpceId?: string;
  };
}

/**
 * What an enclave may measure to: for each register the accepted values, SHA-384 in lower-case hex (96 digits).
 * More than one value lets an old and a new image work side by side during a rollout.
 */
export interface Measurements {
  /** The whole image. */
  readonly pcr0: readonly string[];
  /** Kernel and boot ramdisk. */
  readonly pcr1: readonly string[];
  /** The application. */
  readonly pcr2: readonly string[];
  /** The parent's role ARN. */
  readonly pcr3: readonly string[];
  /** The certificate that signed the image. */
  readonly pcr8: readonly string[];
  /** The configuration given at boot, extended and locked by the program itself. */
  readonly pcr16: readonly string[];
}

/** ARNs of a deployment's keys. */
export interface KeyArns {
  readonly vault: string;
  readonly request: string;
  readonly integrity: string;
  /** Keys that wrapped imported records' private keys. */
  readonly legacy?: readonly string[];
  /** Signs the parent's certificates on the channel between API and parent; where there is one. */
  readonly channelServer?: string;
  /** Signs the API's. */
  readonly channelClient?: string;
}
