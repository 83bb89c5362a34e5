// SPDX-License-Identifier: Apache-2.0
import type { PolicyDocument } from '@enclave-vault/policies';
import { CfnDeletionPolicy, type Stack } from 'aws-cdk-lib';
import { CfnAlias, CfnKey, CfnReplicaKey } from 'aws-cdk-lib/aws-kms';

/** The longest that KMS has: as long can a mistake be undone. Days. */
const PENDING_WINDOW = 30;

export interface KeyKind {
  /** `alias/NAME/…`, unique in account and Region. */
  readonly alias: string;
  readonly description: string;
  readonly policy: PolicyDocument;
  readonly multiRegion?: true;
  /** A key pair that signs, and no key that encrypts. */
  readonly signing?: true;
  /** Left alone when the stack goes. */
  readonly kept?: true;
}

/**
 * A customer key with its alias. Its policy is checked by KMS against locking its maker out: that check is never
 * bypassed, and every policy of ours denies doing so.
 */
export function customerKey(stack: Stack, id: string, kind: KeyKind): CfnKey {
  const { alias, description, policy, multiRegion = false, signing = false, kept = false } = kind;
  const key = new CfnKey(stack, id, {
    description,
    keyPolicy: policy,
    multiRegion,
    pendingWindowInDays: PENDING_WINDOW,
    // KMS rotates no asymmetric key; certificates under it are short-lived instead.
    ...(signing
      ? { keySpec: 'ECC_NIST_P384', keyUsage: 'SIGN_VERIFY' }
      : { keySpec: 'SYMMETRIC_DEFAULT', keyUsage: 'ENCRYPT_DECRYPT', enableKeyRotation: true }),
  });
  const named = aliasOf(stack, id, alias, key.ref);
  if (kept) for (const resource of [key, named]) keep(resource);
  return key;
}

/** The replica of a multi-Region key, with a policy of its own. Rotation follows the primary key. */
export function replicaKey(
  stack: Stack,
  id: string,
  primaryKeyArn: string,
  { alias, description, policy }: Pick<KeyKind, 'alias' | 'description' | 'policy'>,
): CfnReplicaKey {
  const key = new CfnReplicaKey(stack, id, {
    primaryKeyArn,
    description,
    keyPolicy: policy,
    pendingWindowInDays: PENDING_WINDOW,
  });
  for (const resource of [key, aliasOf(stack, id, alias, key.ref)]) keep(resource);
  return key;
}

function aliasOf(stack: Stack, id: string, alias: string, targetKeyId: string): CfnAlias {
  return new CfnAlias(stack, `${id}Alias`, { aliasName: `alias/${alias}`, targetKeyId });
}

/** Neither a deleted stack nor a replacement takes the resource with it. */
export function keep({ cfnOptions }: Pick<CfnKey, 'cfnOptions'>): void {
  cfnOptions.deletionPolicy = CfnDeletionPolicy.RETAIN;
  cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
}
