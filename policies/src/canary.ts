// SPDX-License-Identifier: Apache-2.0
import { checkHome, checkKeyArn } from './check.ts';
import { PolicyInputError } from './errors.ts';
import { allow, document } from './identities.ts';
import type { Home, PolicyDocument, Statement } from './types.ts';

export interface CanaryArns {
  readonly vaultKey: string;
  readonly requestKey: string;
  /** Keys of imported records that are probed as well. None when absent. */
  readonly legacyKeys?: readonly string[];
  /** Of the policies that the canary inside compares with what was deployed; absent: it compares none. */
  readonly compared?: {
    /** Vault, request and integrity key. */
    readonly keys: readonly string[];
    /** ARN of the table of records. */
    readonly table: string;
  };
  readonly function: string;
  /** Of the function's log group, without `:*`. */
  readonly logGroup: string;
}

/**
 * What a canary may do, by its own policy: the very things that the key policies refuse it. A canary without these rights
 * would be refused for want of them, and prove nothing about a key policy. And it may look at policies and grants, where
 * looking is all that these rights are.
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
  const probed = [vault, request, ...(arns.legacyKeys ?? []).map(checkKeyArn)];
  const logs = allow('Report', ['logs:CreateLogStream', 'logs:PutLogEvents'], `${arns.logGroup}:*`);
  const decryption = allow('ProbeDecryption', 'kms:Decrypt', probed);
  if (place === 'outside')
    return document([decryption, allow('ProbeReading', 'kms:DescribeKey', probed), logs]);
  return document([
    decryption,
    allow('ProbeKeyPairs', 'kms:GenerateDataKeyPairWithoutPlaintext', vault),
    allow('ProbeDataKeys', 'kms:GenerateDataKey', request),
    ...comparison(home, arns.compared),
    logs,
    ...networkInterface(arns.function),
  ]);
}

function comparison(home: Home, compared: CanaryArns['compared']): Statement[] {
  if (compared === undefined) return [];
  const { partition, region, account, name } = home;
  const tables = `arn:${partition}:dynamodb:${region}:${account}:table/${name}-`;
  const { keys, table } = compared;
  if (!table.startsWith(tables) || !/^[A-Za-z0-9_.-]+$/.test(table.slice(tables.length)) || keys.length === 0)
    throw new PolicyInputError('invalid_deployment', 'what a canary compares are keys and the table');
  return [
    allow('ReadKeyPolicies', ['kms:GetKeyPolicy', 'kms:ListGrants'], keys.map(checkKeyArn)),
    allow('ReadTablePolicy', 'dynamodb:GetResourcePolicy', table),
  ];
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
