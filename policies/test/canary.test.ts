// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type ContextValues, evaluateRequest, validatePolicy } from '../../emulators/iam/src/index.ts';
import { canaryBoundary, canaryIdentityPolicy, type PolicyDocument, PolicyInputError } from '../src/index.ts';
import { mutants } from './mutants.ts';
import { ACCOUNT, CALLERS, DEPLOYMENT, KEYS } from './support.ts';

const LEGACY = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/mrk-${'9'.repeat(32)}`;
const TABLE = `arn:aws:dynamodb:eu-central-1:${ACCOUNT}:table/vault-records`;
const COMPARED = { keys: [KEYS.vault, KEYS.request, KEYS.integrity], table: TABLE };
const ARNS = {
  vaultKey: KEYS.vault,
  requestKey: KEYS.request,
  legacyKeys: [LEGACY],
  function: `arn:aws:lambda:eu-central-1:${ACCOUNT}:function:vault-canary-inside`,
  logGroup: `arn:aws:logs:eu-central-1:${ACCOUNT}:log-group:/aws/lambda/vault-canary-inside`,
};
const stream = `${ARNS.logGroup}:log-stream:2026/01/01/[$LATEST]1`;
const otherStream = stream.replace('canary-inside', 'api');
const byCode = { 'lambda:SourceFunctionArn': ARNS.function };

type Row = readonly [
  action: string,
  resource: string,
  inside: boolean,
  outside: boolean,
  context?: ContextValues,
];

const ROWS: readonly Row[] = [
  ['kms:Decrypt', KEYS.vault, true, true],
  ['kms:Decrypt', KEYS.request, true, true],
  ['kms:Decrypt', KEYS.integrity, false, false],
  ['kms:GenerateDataKeyPairWithoutPlaintext', KEYS.vault, true, false],
  ['kms:GenerateDataKeyPairWithoutPlaintext', KEYS.request, false, false],
  ['kms:GenerateDataKey', KEYS.request, true, false],
  ['kms:GenerateDataKey', KEYS.vault, false, false],
  ['kms:DescribeKey', KEYS.vault, false, true],
  ['kms:DescribeKey', KEYS.request, false, true],
  // Keys of imported records are asked about decryption, and whether they can be seen.
  ['kms:Decrypt', LEGACY, true, true],
  ['kms:DescribeKey', LEGACY, false, true],
  ['kms:GenerateDataKey', LEGACY, false, false],
  // Policies are compared inside, where the network lets them be seen.
  ...[KEYS.vault, KEYS.request, KEYS.integrity].flatMap((key): Row[] => [
    ['kms:GetKeyPolicy', key, true, false],
    ['kms:ListGrants', key, true, false],
  ]),
  ['kms:GetKeyPolicy', LEGACY, false, false],
  ['dynamodb:GetResourcePolicy', TABLE, true, false],
  ['dynamodb:GetResourcePolicy', `${TABLE}-2`, false, false],
  ['dynamodb:PutResourcePolicy', TABLE, false, false],
  ['kms:Encrypt', KEYS.vault, false, false],
  ['kms:PutKeyPolicy', KEYS.vault, false, false],
  ['kms:CreateGrant', KEYS.vault, false, false],
  ['logs:CreateLogStream', stream, true, true],
  ['logs:PutLogEvents', stream, true, true],
  ['logs:PutLogEvents', otherStream, false, false],
  ['logs:DeleteLogStream', stream, false, false],
  ...[
    'AssignPrivateIpAddresses',
    'CreateNetworkInterface',
    'DeleteNetworkInterface',
    'DescribeNetworkInterfaces',
    'DescribeSubnets',
    'UnassignPrivateIpAddresses',
  ].flatMap((action): Row[] => [
    // Lambda itself, and the code with the same role.
    [`ec2:${action}`, '*', true, false],
    [`ec2:${action}`, '*', false, false, byCode],
  ]),
  // Another function that had the role would be no code of the canary's.
  ['ec2:DescribeSubnets', '*', true, false, { 'lambda:SourceFunctionArn': `${ARNS.function}-2` }],
  ['dynamodb:GetItem', `arn:aws:dynamodb:eu-central-1:${ACCOUNT}:table/vault-records`, false, false],
  ['sts:AssumeRole', DEPLOYMENT.roles.instance, false, false],
];

/** By its own policy within its boundary; nothing here is about the key policies. */
function may([action, resource, , , context = {}]: Row, policy: PolicyDocument): boolean {
  return evaluateRequest(
    { principal: CALLERS.admin, action, resource, resourceAccount: ACCOUNT, context },
    { identity: [policy], boundary: canaryBoundary(DEPLOYMENT), resourceMode: 'additive' },
  ).allowed;
}

describe.each(['inside', 'outside'] as const)('the canary %s', (place) => {
  const arns = { ...ARNS, ...(place === 'inside' ? { compared: COMPARED } : {}) };
  const policy = canaryIdentityPolicy(DEPLOYMENT, place, arns);
  const column = place === 'inside' ? 2 : 3;

  it('has a policy that IAM takes', () => {
    expect(validatePolicy(policy, 'identity')).toEqual([]);
  });

  it.each(ROWS.map((row) => [`${row[0]} on ${row[1]} ${JSON.stringify(row[4] ?? {})}`, row] as const))(
    '%s',
    (_, row) => {
      expect(may(row, policy)).toBe(row[column]);
    },
  );

  it('has no statement, action or condition that nobody would miss', () => {
    const missed = mutants(policy).filter((mutant) =>
      ROWS.every((row) => may(row, mutant.policy) === row[column]),
    );
    expect(missed.map(({ what }) => what)).toEqual([]);
  });

  it('is not made for a key that is none', () => {
    expect(() => canaryIdentityPolicy(DEPLOYMENT, place, { ...ARNS, vaultKey: '*' })).toThrow(
      PolicyInputError,
    );
    expect(() => canaryIdentityPolicy(DEPLOYMENT, place, { ...ARNS, requestKey: '*' })).toThrow(
      PolicyInputError,
    );
  });
});

it('compares keys and the table of its deployment, and nothing else', () => {
  const inside = (compared: typeof COMPARED) =>
    canaryIdentityPolicy(DEPLOYMENT, 'inside', { ...ARNS, compared });
  expect(inside(COMPARED).Statement.map(({ Sid }) => Sid)).toContain('ReadTablePolicy');
  for (const table of ['*', TABLE.replace('vault-', 'other-'), `${TABLE}*`, `${TABLE}/index/x`])
    expect(() => inside({ ...COMPARED, table }), table).toThrow(PolicyInputError);
  expect(() => inside({ ...COMPARED, keys: [] })).toThrow(PolicyInputError);
  expect(() => inside({ ...COMPARED, keys: ['*'] })).toThrow(PolicyInputError);
});
