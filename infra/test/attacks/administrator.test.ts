// SPDX-License-Identifier: Apache-2.0
import { evaluateRequest, type Principal } from '@enclave-vault/emulator-iam';
import { organizationControls, vaultControls } from '@enclave-vault/policies';
import { describe, expect, it } from 'vitest';
import { EVERYTHING } from '../proofs/who.ts';
import { outcome } from './support.ts';

/*
 * A curious administrator: AdministratorAccess, no boundary, from a laptop. What no policy within the account can refuse him
 * is refused by the organization's, where it attaches them (docs/operations.md, "Who may do what").
 */

const ACCOUNT = '111122223333';
const arn = (service: string, rest: string): string => `arn:aws:${service}:eu-central-1:${ACCOUNT}:${rest}`;
const from = (action: string, resource: string, context = {}) => ({
  who: 'admin',
  where: 'internet',
  action,
  resource,
  context,
});

describe('the evidence', () => {
  const file = `arn:aws:s3:::vault-trail-${ACCOUNT}-eu-central-1/AWSLogs/${ACCOUNT}/CloudTrail/x`;

  // By a rule of replication on a bucket of his own: no Put and no Delete, and a file or a deletion over the evidence.
  it.each(['ReplicateObject', 'ReplicateDelete'])('is not laid over by s3:%s', (action) => {
    for (const mode of ['given', 'hostile'] as const)
      expect(outcome(from(`s3:${action}`, file), mode)).toBe('DenyDeletion');
  });

  it('is not let expire, nor led elsewhere', () => {
    const bucket = file.split('/')[0] ?? '';
    for (const action of ['PutLifecycleConfiguration', 'PutReplicationConfiguration', 'PutBucketVersioning'])
      expect(outcome(from(`s3:${action}`, bucket), 'hostile'), action).toBe('DenyControlByOthers');
  });
});

describe('copies of the table', () => {
  const table = arn('dynamodb', 'table/vault-records');
  it.each([
    ['PartiQLSelect', 'DenyOtherItemOperations'],
    ['BatchGetItem', 'DenyOtherItemOperations'],
    ['ExportTableToPointInTime', 'DenyExports'],
    ['EnableKinesisStreamingDestination', 'DenyExports'],
    ['CreateBackup', 'DenyCopiesByOthers'],
    ['RestoreTableToPointInTime', 'DenyCopiesByOthers'],
    ['UpdateTable', 'DenyControlByOthers'],
    ['PutResourcePolicy', 'DenyControlByOthers'],
  ])('dynamodb:%s is refused, from the VPC as well', (action, statement) => {
    for (const where of ['internet', 'forwarded', 'other-vpc'])
      expect(outcome({ ...from(`dynamodb:${action}`, table), where }, 'hostile'), where).toBe(statement);
  });
});

describe('a step away from a role that the keys trust', () => {
  const admin: Principal = {
    arn: `arn:aws:iam::${ACCOUNT}:role/people/admin`,
    type: 'role',
    account: ACCOUNT,
    organization: 'o-exampleorgid',
  };
  const organization = {
    partition: 'aws',
    id: 'o-exampleorgid',
    name: 'vault',
    networks: [{ vpcId: 'vpc-11111111111111111', region: 'eu-central-1' }],
    administrators: [`arn:aws:iam::${ACCOUNT}:role/people/deployer`],
    outsiders: [],
    partners: [],
  };
  const asked = (principal: Principal, action: string, resource: string, attached: boolean): string => {
    const controls = attached ? [organizationControls(organization), vaultControls(organization)] : [];
    const decision = evaluateRequest(
      { principal, action, resource, resourceAccount: ACCOUNT, context: { 'lambda:VpcIds': ['vpc-1'] } },
      { identity: [EVERYTHING], scps: [[EVERYTHING], [EVERYTHING, ...controls]] },
    );
    return decision.allowed ? 'allow' : (decision.decidedBy?.sid ?? '');
  };

  it.each([
    [
      'hands CloudFormation the deployment role',
      'iam:PassRole',
      `arn:aws:iam::${ACCOUNT}:role/vault/vault-deployment`,
      'ProtectVaultWork',
    ],
    [
      'hands a machine the instance role',
      'iam:PassRole',
      `arn:aws:iam::${ACCOUNT}:role/vault/vault-instance`,
      'ProtectVaultWork',
    ],
    [
      'updates a stack that keeps its role',
      'cloudformation:UpdateStack',
      arn('cloudformation', 'stack/vault-keys/1'),
      'ProtectVaultWork',
    ],
    [
      'has the API’s code run another first',
      'lambda:UpdateFunctionConfiguration',
      arn('lambda', 'function:vault-api'),
      'ProtectVaultWork',
    ],
    [
      'lets somebody else invoke it',
      'lambda:AddPermission',
      arn('lambda', 'function:vault-api'),
      'ProtectVaultWork',
    ],
    [
      'writes the API’s event himself',
      'lambda:InvokeFunction',
      arn('lambda', 'function:vault-api'),
      'LetGatewayAloneInvoke',
    ],
    [
      'writes one for the alias',
      'lambda:InvokeFunction',
      arn('lambda', 'function:vault-api:live'),
      'LetGatewayAloneInvoke',
    ],
    [
      'gives a role more',
      'iam:PutRolePolicy',
      `arn:aws:iam::${ACCOUNT}:role/vault/vault-api`,
      'ProtectVaultRights',
    ],
    [
      'trusts himself',
      'iam:UpdateAssumeRolePolicy',
      `arn:aws:iam::${ACCOUNT}:role/vault/vault-break-glass`,
      'ProtectVaultRoles',
    ],
  ])('he %s: the organization refuses', (_, action, resource, statement) => {
    expect(asked(admin, action, resource, true)).toBe(statement);
    // The account alone does not: whoever reads this knows what attaching is for.
    expect(asked(admin, action, resource, false)).toBe('allow');
  });
});
