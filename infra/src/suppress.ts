// SPDX-License-Identifier: Apache-2.0
import type { CfnResource } from 'aws-cdk-lib';

/** A finding of cdk-nag that stands, and why. */
export interface Suppression {
  /** The rule by the name that all packs share, as in cdk-nag's RULES.md: `S3BucketLoggingEnabled`. */
  readonly rule: string;
  /** For a rule with a finding for each wildcard: which of them, `*` standing for anything. */
  readonly findings?: readonly string[];
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
