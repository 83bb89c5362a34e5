// SPDX-License-Identifier: Apache-2.0
import { checkDeployment, checkKeyArn } from './check.ts';
import { anyKey } from './identities.ts';
import { KEY_ADMINISTRATION } from './key-common.ts';
import type { Deployment, PolicyDocument, Statement } from './types.ts';

export interface EndpointOptions {
  /** Keys that may be reached. All of the account and Region when absent, as before the keys exist. */
  readonly keys?: readonly string[];
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

/**
 * Policy of the KMS interface endpoint: principals of our account, on keys of our account. A foreign principal cannot
 * carry data out through our network to a key of its own, and ours cannot wrap data under a foreign key.
 * The endpoint carries no AWS service's own requests, so it names no service.
 * @throws {PolicyInputError}
 */
export function kmsEndpointPolicy(deployment: Deployment, options: EndpointOptions = {}): PolicyDocument {
  checkDeployment(deployment);
  const { account } = deployment;
  const { keys, acmKey } = options;
  const ours = { 'aws:PrincipalAccount': account };
  const statements: Statement[] = [
    {
      Sid: 'AllowOurPrincipalsOnOurKeys',
      Effect: 'Allow',
      Principal: '*',
      Action: [...USES, ...KEY_ADMINISTRATION],
      Resource: keys === undefined ? anyKey(deployment) : keys.map(checkKeyArn),
      Condition: { StringEquals: { ...ours, 'aws:ResourceAccount': account } },
    },
  ];
  if (acmKey !== undefined) {
    statements.push({
      Sid: 'AllowCertificatesOfEnclaves',
      Effect: 'Allow',
      Principal: '*',
      Action: 'kms:Decrypt',
      Resource: checkKeyArn(acmKey),
      Condition: { StringEquals: ours },
    });
  }
  return { Version: '2012-10-17', Statement: statements };
}
