// SPDX-License-Identifier: Apache-2.0
import { evaluateRequest, type PolicyDocument } from '@enclave-vault/emulator-iam';
import { deployerPolicies } from '@enclave-vault/policies';
import { readRole, SettingsError } from '@enclave-vault/settings';
import { describe, expect, it } from 'vitest';
import { homeOf } from '../../src/home.ts';
import { DEPLOY, namesOf } from '../../src/index.ts';
import { outcome } from './support.ts';

/*
 * A deployer, and whoever has his credentials: what he may do under his own name, and what he has CloudFormation do as the
 * deployment role by a template of his own under a name of ours.
 */

const config = readRole(DEPLOY, { file: DEPLOY.example, env: {} });
const DEPLOYER = 'arn:aws:iam::111122223333:role/people/deployer';
const POLICIES: readonly PolicyDocument[] = Object.values(deployerPolicies(homeOf(config, namesOf(config))));

/** Under the policies as they are printed. */
function asDeployer(
  action: string,
  resource: string,
  context: Readonly<Record<string, string>> = {},
): boolean {
  return evaluateRequest(
    {
      principal: { arn: DEPLOYER, type: 'role', account: '111122223333' },
      action,
      resource,
      resourceAccount: '111122223333',
      context,
    },
    { identity: POLICIES },
  ).allowed;
}

const stack = (name: string): string =>
  `arn:aws:cloudformation:eu-central-1:111122223333:stack/${name}/11111111-2222`;

describe('another stack whose name begins as ours', () => {
  // A stack keeps the role that it was made with: an update works as that role, which may be an administrator's.
  it.each([
    ['another vault’s', 'vault-two-keys'],
    ['another team’s', 'vault-server'],
    ['one that begins as a stage', 'vault-api-of-payroll'],
  ])('%s is not updated, and its role not used', (_, name) => {
    for (const action of ['CreateChangeSet', 'ExecuteChangeSet', 'DeleteStack', 'ContinueUpdateRollback'])
      expect(asDeployer(`cloudformation:${action}`, stack(name)), action).toBe(false);
    expect(asDeployer('cloudformation:CreateChangeSet', stack('vault-keys'))).toBe(true);
  });

  it('a vault has no name by which another vault’s things would be its own', () => {
    // vault-* matches vault-two-api: functions have no policy that could refuse.
    for (const name of ['vault-two', 'vault-', 'v-1', 'vault_two', 'vault.two', 'vault*'])
      expect(
        () => readRole(DEPLOY, { file: { ...(DEPLOY.example as object), name }, env: {} }),
        name,
      ).toThrow(SettingsError);
    const { name } = readRole(DEPLOY, {
      file: { ...(DEPLOY.example as object), name: 'vaulttwo' },
      env: {},
    });
    expect(
      outcome({ ...asRole, action: 'lambda:UpdateFunctionConfiguration', resource: fn(`${name}-api`) }),
    ).toBe('identity');
  });
});

const asRole = { who: 'deployment', where: 'internet' } as const;
const fn = (name: string): string => `arn:aws:lambda:eu-central-1:111122223333:function:${name}`;
const ec2 = (rest: string): string => `arn:aws:ec2:eu-central-1:111122223333:${rest}`;

describe('a template under a name of ours', () => {
  it.each([
    ['somebody’s endpoint service', { 'ec2:VpceServiceOwner': '444455556666' }],
    ['one of the marketplace', { 'ec2:VpceServiceOwner': 'aws-marketplace' }],
    ['a shared resource, which says no owner of a service', {}],
  ])('opens no way out of the network by an endpoint of %s', (_, owner) => {
    expect(
      outcome({
        ...asRole,
        action: 'ec2:CreateVpcEndpoint',
        resource: ec2('vpc-endpoint/vpce-1'),
        context: { 'aws:RequestTag/enclave-vault': 'vault', ...owner },
      }),
    ).toBe('identity');
  });

  it.each([
    ['a gateway', 'ec2:CreateInternetGateway', 'internet-gateway/igw-1'],
    ['a gateway’s place', 'ec2:AttachInternetGateway', 'vpc/vpc-1'],
    ['a translation of addresses', 'ec2:CreateNatGateway', 'natgateway/nat-1'],
    ['a route', 'ec2:CreateRoute', 'route-table/rtb-1'],
    ['a peering', 'ec2:CreateVpcPeeringConnection', 'vpc/vpc-1'],
    ['a transit gateway', 'ec2:CreateTransitGatewayVpcAttachment', 'vpc/vpc-1'],
    ['another interface', 'ec2:CreateNetworkInterface', 'subnet/subnet-1'],
  ])('nor by %s, though somebody gave the role everything', (_, action, resource) => {
    const attack = {
      ...asRole,
      action,
      resource: ec2(resource),
      context: { 'aws:ResourceTag/enclave-vault': 'vault', 'aws:RequestTag/enclave-vault': 'vault' },
    };
    expect(outcome(attack)).toBe('identity');
    expect(outcome(attack, 'hostile')).toBe('boundary');
  });
});

describe('the pipeline’s deployment', () => {
  it('does not take its approval away: the stack of the pipeline is not its to change', () => {
    for (const action of ['CreateChangeSet', 'ExecuteChangeSet', 'DeleteStack']) {
      const attack = {
        who: 'deploy',
        where: 'internet',
        action: `cloudformation:${action}`,
        resource: stack('vault-pipeline'),
      };
      expect(outcome(attack)).toBe('identity');
      expect(outcome(attack, 'hostile')).toBe('boundary');
      expect(outcome({ ...attack, resource: stack('vault-decryption') })).toBe('allow');
    }
  });
});
