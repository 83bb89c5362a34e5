// SPDX-License-Identifier: Apache-2.0
import { checkHome, checkKeyArn } from './check.ts';
import { allow, document } from './identities.ts';
import type { Home, PolicyDocument, Statement } from './types.ts';

export interface CanaryArns {
  readonly vaultKey: string;
  readonly requestKey: string;
  readonly function: string;
  /** Of the function's log group, without `:*`. */
  readonly logGroup: string;
}

/**
 * What a canary may do, by its own policy: the very things that the key policies refuse it. A canary without these rights
 * would be refused for want of them, and prove nothing about a key policy.
 * @param place `inside`: in the VPC. `outside`: in none
 */
export function canaryIdentityPolicy(
  home: Home,
  place: 'inside' | 'outside',
  arns: CanaryArns,
): PolicyDocument {
  checkHome(home);
  const vault = checkKeyArn(arns.vaultKey);
  const request = checkKeyArn(arns.requestKey);
  const logs = allow('Report', ['logs:CreateLogStream', 'logs:PutLogEvents'], `${arns.logGroup}:*`);
  const decryption = allow('ProbeDecryption', 'kms:Decrypt', [vault, request]);
  if (place === 'outside')
    return document([decryption, allow('ProbeReading', 'kms:DescribeKey', [vault, request]), logs]);
  return document([
    decryption,
    allow('ProbeKeyPairs', 'kms:GenerateDataKeyPairWithoutPlaintext', vault),
    allow('ProbeDataKeys', 'kms:GenerateDataKey', request),
    logs,
    ...networkInterface(arns.function),
  ]);
}

/** Calls that Lambda makes with a function's role, to put it into a VPC. They are on nothing that has a name yet. */
const NETWORK_INTERFACE = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
] as const;

/** For Lambda, and not for the code: calls of the code have its function's ARN (Lambda Developer Guide, "Lambda IAM condition keys"). */
function networkInterface(functionArn: string): Statement[] {
  return [
    allow('NetworkInterface', NETWORK_INTERFACE, '*'),
    {
      Sid: 'DenyNetworkInterfaceToCode',
      Effect: 'Deny',
      Action: NETWORK_INTERFACE,
      Resource: '*',
      Condition: { ArnEquals: { 'lambda:SourceFunctionArn': functionArn } },
    },
  ];
}
