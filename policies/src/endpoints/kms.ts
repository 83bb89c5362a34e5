// SPDX-License-Identifier: Apache-2.0
import { checkHome, checkKeyArn } from '../check.ts';
import { anyKey } from '../identities.ts';
import { KEY_ADMINISTRATION } from '../key-common.ts';
import type { Home, PolicyDocument, Statement } from '../types.ts';
import { endpointDocument, ofAccount, ofRoles, pass } from './common.ts';

export interface KmsEndpointOptions {
  /** Keys that may be reached. All of the account and Region when absent, as before the keys exist. */
  readonly keys?: readonly string[];
  /**
   * Roles that work behind this endpoint: only they pass, and only to use keys. When absent every principal of the
   * account passes, to administer keys as well, as on a machine where all roles are one person's.
   */
  readonly workloads?: readonly string[];
  /** Roles among the workloads that look at policies and grants of keys as well. */
  readonly policyReaders?: readonly string[];
  /** The AWS-owned key of ACM for Nitro Enclaves, which lies in an account of AWS. */
  readonly acmKey?: string;
}

const USES = [
  'kms:Decrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyPairWithoutPlaintext',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:Sign',
] as const;

/** What a user of keys reads of them: whether they are the ones that its settings name. */
const LOOKS = ['kms:DescribeKey', 'kms:GetPublicKey'] as const;

/**
 * Policy of the KMS interface endpoint: principals of our account, on keys of our account. A foreign principal cannot
 * carry data out through our network to a key of its own, and ours cannot wrap data under a foreign key.
 * @throws {PolicyInputError}
 */
export function kmsEndpointPolicy(home: Home, options: KmsEndpointOptions = {}): PolicyDocument {
  checkHome(home);
  const { keys, acmKey, workloads, policyReaders = [] } = options;
  const condition = workloads === undefined ? ofAccount(home.account) : ofRoles(home, workloads);
  const actions = [...USES, ...(workloads === undefined ? KEY_ADMINISTRATION : LOOKS)];
  const resources = keys === undefined ? anyKey(home) : keys.map(checkKeyArn);
  const statements: Statement[] = [pass('AllowOurPrincipalsOnOurKeys', actions, resources, condition)];
  if (policyReaders.length > 0) {
    statements.push(
      pass(
        'AllowReadingPolicies',
        ['kms:GetKeyPolicy', 'kms:ListGrants'],
        resources,
        ofRoles(home, policyReaders),
      ),
    );
  }
  if (acmKey !== undefined) {
    statements.push(
      pass('AllowCertificatesOfEnclaves', 'kms:Decrypt', checkKeyArn(acmKey), {
        StringEquals: { 'aws:PrincipalAccount': home.account },
      }),
    );
  }
  return endpointDocument(statements);
}
