// SPDX-License-Identifier: Apache-2.0
import type { CfnResource } from 'aws-cdk-lib';

/** A finding of cdk-nag that stands, and why. */
export interface Suppression {
  /** The rule by the name that all packs share: `S3BucketLoggingEnabled` is four findings, and one reason. */
  readonly rule: string;
  /** For a rule that has a finding for each wildcard of a policy (`Resource::*`): which of them. */
  readonly finding?: RegExp;
  /** Why it stands: at least a sentence, for an auditor. */
  readonly reason: string;
}

const MEMBER = 'enclave-vault:suppression';

/**
 * Says beside a resource why a finding of cdk-nag about it stands. Nothing of it reaches the template, and nothing here
 * needs cdk-nag: the tests run its packs, and fail for a finding without a suppression and for a suppression without one.
 */
export function suppress(resource: CfnResource, ...suppressions: readonly Suppression[]): void {
  for (const suppression of suppressions) resource.node.addMetadata(MEMBER, suppression);
}

/** What was suppressed at a resource. */
export function suppressionsOf(resource: CfnResource): readonly Suppression[] {
  return resource.node.metadata.filter(({ type }) => type === MEMBER).map(({ data }) => data as Suppression);
}
