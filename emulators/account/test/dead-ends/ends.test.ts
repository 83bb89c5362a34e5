// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { ACCOUNT, addRole, bench, EVERYTHING, policy, REGION } from '../support/account.ts';
import {
  account,
  byLambda,
  document,
  fn,
  key,
  lambdaRole,
  network,
  role,
  scenery,
  statement,
  table,
  vpc,
} from '../support/pieces.ts';
import { Bed, bucket, group, type Resources, reasons } from '../support/stacks.ts';

describe('changes and ends', () => {
  const start = (resources: Resources): Bed => {
    const bed = new Bed(scenery({ name: '', fails: {}, because: /./, passes: {} }));
    expect(reasons(bed.deploy(resources))).toBe('');
    return bed;
  };

  test('KMS: a key does not become another kind of key', () => {
    const bed = start({ Key: key(account) });
    const other = {
      Key: { Type: 'AWS::KMS::Key', Properties: { KeySpec: 'ECC_NIST_P384', KeyPolicy: document(account) } },
    };
    expect(reasons(bed.deploy(other))).toMatch(/KeySpec of a KMS key cannot be changed/);
  });

  test('KMS: a deleted key waits, and takes no policy', () => {
    const bed = start({ Key: key(account) });
    const [made] = bed.bench.account.world.all('AWS::KMS::Key');
    bed.destroy();
    expect(made?.deletionAt).toBe(bed.bench.account.world.clock.now + 30 * 86_400_000 - 2000);
    expect(bed.bench.account.world.all('AWS::KMS::Key')).toEqual([made]);
  });

  test('a role made anew is not the one that a policy named', () => {
    const named = { ...statement({ Principal: { AWS: lambdaRole }, Action: 'kms:Decrypt' }), Sid: 'Two' };
    const bed = start({ Key: key(account, named) });
    const { world } = bed.bench.account;
    const [made] = world.all('AWS::KMS::Key');
    const call = { action: 'kms:Decrypt', resource: made?.arn ?? '', region: REGION };
    const session = { principal: { arn: lambdaRole, type: 'role', account: ACCOUNT } as const, context: {} };
    const policies = () =>
      bed.bench.account.decide(session, call).trace.find(({ sid }) => sid === 'Two')?.matched;
    expect(policies()).toBe(true);
    const before = world.byArn(lambdaRole);
    if (before === undefined) throw new TypeError('the role is there');
    world.remove(before);
    addRole(bed.bench.account, lambdaRole, EVERYTHING, 'lambda');
    expect(policies()).toBe(false);
  });

  test('DynamoDB: deletion protection, and one replica at a time without its policy', () => {
    const bed = start({ Table: table({ DeletionProtectionEnabled: true }) });
    expect(reasons(bed.destroy())).toMatch(/currently protected against deletion/);
    const stream = { StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' } };
    const replicas = (...others: readonly object[]) => ({
      Table: {
        ...table({}),
        Properties: { ...table({}).Properties, ...stream, Replicas: [{ Region: REGION }, ...others] },
      },
    });
    const next = start({ Table: table({}, stream) });
    expect(reasons(next.deploy(replicas({ Region: 'eu-west-1' }, { Region: 'eu-north-1' })))).toMatch(
      /Only one replica/,
    );
    const withPolicy = { Region: 'eu-west-1', ResourcePolicy: { PolicyDocument: document(account) } };
    expect(reasons(next.deploy(replicas(withPolicy)))).toMatch(/cannot be added in the same update/);
    expect(reasons(start({ Table: table({}, stream) }).deploy(replicas({ Region: 'eu-west-1' })))).toBe('');
  });

  test('the firewall’s association is protected against change', () => {
    const rules = {
      Type: 'AWS::Route53Resolver::FirewallRuleGroup',
      Properties: { Name: 'r', FirewallRules: [] },
    };
    const association = (MutationProtection: string) => ({
      Type: 'AWS::Route53Resolver::FirewallRuleGroupAssociation',
      Properties: {
        FirewallRuleGroupId: { Ref: 'Rules' },
        VpcId: { Ref: 'Vpc' },
        Priority: 101,
        MutationProtection,
      },
    });
    const bed = start({ Vpc: vpc, Rules: rules, Association: association('ENABLED') });
    expect(reasons(bed.destroy())).toMatch(/mutation protection enabled/);
    expect(start({ Vpc: vpc, Rules: rules, Association: association('DISABLED') }).destroy().status).toBe(
      'DELETE_COMPLETE',
    );
  });

  test('interfaces of a function outlive it where CloudFormation may not watch them go', () => {
    const watching = (rights: object) => {
      const scene = bench(rights);
      addRole(scene.account, lambdaRole, EVERYTHING, 'lambda');
      const bed = new Bed(scene);
      scene.account.world.objects.put('code', 'f.zip', Buffer.from('code'));
      expect(
        reasons(
          bed.deploy(network, {
            stackName: 'network',
            outputs: { S: { Value: { Ref: 'Subnet' } }, G: { Value: { Ref: 'Group' } } },
          }),
        ),
      ).toBe('');
      const { S, G } = bed.cloud.get('network').outputs;
      expect(
        reasons(bed.deploy({ Function: fn({ VpcConfig: { SubnetIds: [S], SecurityGroupIds: [G] } }) })),
      ).toBe('');
      bed.destroy();
      return bed;
    };
    expect(watching(EVERYTHING).destroy('network').status).toBe('DELETE_COMPLETE');
    const blind = watching({
      ...EVERYTHING,
      Statement: [
        ...EVERYTHING.Statement,
        { Effect: 'Deny', Action: 'ec2:DescribeNetworkInterfaces', Resource: '*' },
      ],
    });
    expect(reasons(blind.destroy('network'))).toMatch(/dependent object: a network interface of AWS Lambda/);
    blind.bench.account.world.clock.advance(15 * 60_000);
    expect(blind.destroy('network').status).toBe('DELETE_COMPLETE');
  });

  test('IAM: a role goes when its policies and its instance profile are gone', () => {
    const bed = start({ Role: role(byLambda) });
    bed.deploy(
      {
        Rights: {
          Type: 'AWS::IAM::RolePolicy',
          Properties: {
            RoleName: 'made',
            PolicyName: 'p',
            PolicyDocument: policy({ Action: 's3:GetObject' }),
          },
        },
      },
      { stackName: 'rights' },
    );
    expect(reasons(bed.destroy())).toMatch(/must delete policies first/);
    bed.destroy('rights');
    bed.deploy(
      { Profile: { Type: 'AWS::IAM::InstanceProfile', Properties: { Roles: ['made'] } } },
      { stackName: 'profile' },
    );
    expect(reasons(bed.destroy())).toMatch(/must remove roles from instance profile first/);
    bed.destroy('profile');
    expect(bed.destroy().status).toBe('DELETE_COMPLETE');
  });

  test('a bucket with anything in it stays, and so does a log group’s name', () => {
    const bed = start({ B: bucket('full'), G: group('/g', { DeletionPolicy: 'Retain' }) });
    bed.bench.account.world.objects.put('full', 'x', Buffer.from('x'));
    expect(reasons(bed.destroy())).toMatch(/not empty/);
    expect(reasons(bed.deploy({ G: group('/g') }, { stackName: 'again' }))).toMatch(/already exists/);
  });
});
