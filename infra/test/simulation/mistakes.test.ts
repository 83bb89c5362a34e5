// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { type Stage, stagesOf, type Template, type TemplateResource } from '../../src/index.ts';
import { Life, type LifeOptions, type Mutation } from './support/life.ts';

/*
 * Mistakes that one could make in the stages, and that no linter sees: each is put into the templates, and must stop the
 * life of the vault with the reason that AWS would give.
 */

type Change = (resource: TemplateResource, logicalId: string) => TemplateResource | null;

/** Changes the resources of a stage; null leaves one out. */
const inStage =
  (stage: string, change: Change): Mutation =>
  (id, template) =>
    id === stage ? rebuilt(template, change) : template;

function rebuilt(template: Template, change: Change): Template {
  const entries = Object.entries(template.Resources).map(
    ([id, resource]) => [id, change(resource, id)] as const,
  );
  const Resources = Object.fromEntries(entries.filter(([, resource]) => resource !== null));
  return { ...template, Resources: Resources as Template['Resources'] };
}

/** Changes all texts of a type's resources by replacing one. */
const replacing =
  (type: string, from: string | RegExp, to: string): Change =>
  (resource) =>
    resource.Type === type
      ? (JSON.parse(JSON.stringify(resource).replace(from, to)) as TemplateResource)
      : resource;

const withProperties =
  (type: string, properties: (given: Readonly<Record<string, unknown>>) => object): Change =>
  (resource) =>
    resource.Type === type
      ? { ...resource, Properties: { ...resource.Properties, ...properties(resource.Properties ?? {}) } }
      : resource;

/** Without the statements of a policy document's member that a test picks. */
const withoutStatements =
  (type: string, member: string, pick: (sid: string) => boolean): Change =>
  (resource) => {
    if (resource.Type !== type) return resource;
    const document = resource.Properties?.[member] as { Statement: readonly { Sid: string }[] };
    const Statement = document.Statement.filter(({ Sid }) => !pick(Sid));
    return { ...resource, Properties: { ...resource.Properties, [member]: { ...document, Statement } } };
  };

const withAction = (type: string, action: string): Change =>
  replacing(type, new RegExp(`"${action}",|,"${action}"|"${action}"(?=[\\]}])`, 'g'), '');

interface Mistake {
  readonly name: string;
  readonly mutate: Mutation;
  readonly stops: string;
  readonly because: RegExp;
}

const MISTAKES: readonly Mistake[] = [
  {
    name: 'the deployment role lacks one action of one handler',
    mutate: inStage('controllers', withAction('AWS::IAM::ManagedPolicy', 'ec2:CreateRouteTable')),
    stops: 'network',
    because: /not authorized to perform: ec2:CreateRouteTable[\s\S]*No Allow in the identity policies/,
  },
  {
    name: 'its boundary lacks what its policies allow',
    mutate: inStage('controllers', (resource, id) =>
      /boundary/i.test(id)
        ? withAction('AWS::IAM::ManagedPolicy', 'ec2:\\*RouteTable')(resource, id)
        : resource,
    ),
    stops: 'network',
    because: /ec2:CreateRouteTable[\s\S]*No Allow in the permissions boundary/,
  },
  {
    name: 'a key’s policy leaves the deployment role out: KMS makes no key that its maker could not manage',
    mutate: inStage(
      'keys',
      withoutStatements('AWS::KMS::Key', 'KeyPolicy', (sid) => sid === 'AllowDeploymentControl'),
    ),
    stops: 'keys',
    because: /The new key policy will not allow you to update the key policy in the future/,
  },
  {
    name: 'a key’s policy names a role that is not there yet',
    mutate: inStage(
      'base',
      replacing(
        'AWS::KMS::Key',
        '"arn:aws:iam::111122223333:root"',
        '"arn:aws:iam::111122223333:role/vault/vault-later"',
      ),
    ),
    stops: 'base',
    because: /Policy contains a statement with one or more invalid principals/,
  },
  {
    name: 'the bucket’s policy denies the deployment role its own policy: it could never be read or changed again',
    mutate: inStage('artifacts', (resource) => {
      if (resource.Type !== 'AWS::S3::BucketPolicy') return resource;
      const document = resource.Properties?.PolicyDocument as { Statement: readonly object[] };
      const [first] = document.Statement as readonly { Resource: unknown }[];
      const lockout = {
        Sid: 'Lockout',
        Effect: 'Deny',
        Principal: '*',
        Action: ['s3:GetBucketPolicy', 's3:PutBucketPolicy', 's3:DeleteBucketPolicy'],
        Resource: first?.Resource,
      };
      return {
        ...resource,
        Properties: {
          ...resource.Properties,
          PolicyDocument: { ...document, Statement: [...document.Statement, lockout] },
        },
      };
    }),
    stops: 'artifacts',
    because: /s3:GetBucketPolicy[\s\S]*statement Lockout/,
  },
  {
    name: 'the table’s policy denies the deployment role to change it',
    mutate: inStage(
      'data',
      replacing(
        'AWS::DynamoDB::GlobalTable',
        '"Id":"vault-records","Statement":[',
        '"Id":"vault-records","Statement":[{"Sid":"Lockout","Effect":"Deny","Principal":"*","Action":"dynamodb:PutResourcePolicy","Resource":"*"},',
      ),
    ),
    stops: 'data',
    because:
      /would not let the caller change the policy again|not authorized to perform: dynamodb:PutResourcePolicy/,
  },
  {
    name: 'the key of the table lets DynamoDB make no grant for the deployment role',
    mutate: inStage(
      'data',
      withoutStatements('AWS::KMS::Key', 'KeyPolicy', (sid) => sid === 'AllowTableGrants'),
    ),
    stops: 'data',
    because: /not authorized to perform: kms:CreateGrant/,
  },
  {
    name: 'the key of logs does not let CloudWatch Logs in',
    mutate: inStage(
      'base',
      withoutStatements('AWS::KMS::Key', 'KeyPolicy', (sid) => sid === 'AllowLogs'),
    ),
    stops: 'network',
    because: /KMS Key Id could not be found or is not allowed to be used with Arn/,
  },
  {
    name: 'a function is made before its role may attach it to the VPC',
    mutate: inStage('api', (resource, id) =>
      resource.Type === 'AWS::Lambda::Function' && id === 'Function'
        ? { ...resource, DependsOn: [] }
        : resource,
    ),
    stops: 'api',
    because: /does not have permissions to call CreateNetworkInterface/,
  },
  {
    name: 'the API is deployed before it has methods',
    mutate: inStage('api', (resource) =>
      resource.Type === 'AWS::ApiGateway::Deployment' ? { ...resource, DependsOn: [] } : resource,
    ),
    stops: 'api',
    because: /The REST API doesn't contain any methods/,
  },
  {
    name: 'a function takes code that nobody signed',
    mutate: inStage('api', (resource, id) =>
      resource.Type === 'AWS::Lambda::Function' && id === 'Function'
        ? replacing(
            'AWS::Lambda::Function',
            /"S3Key":"[^"]+","S3ObjectVersion":"[^"]+"/,
            '"S3Key":"release/parent.tar.gz"',
          )(resource, id)
        : resource,
    ),
    stops: 'api',
    because: /Lambda cannot deploy the function/,
  },
  {
    name: 'a role is passed to a service that it is not for',
    mutate: inStage(
      'controllers',
      replacing('AWS::IAM::ManagedPolicy', /vpc-flow-logs\.amazonaws\.com/g, 'ecs-tasks.amazonaws.com'),
    ),
    stops: 'network',
    because: /iam:PassRole[\s\S]*iam:PassedToService is vpc-flow-logs\.amazonaws\.com/,
  },
  {
    name: 'a role’s permissions are given before the role is there',
    mutate: inStage('identities', (resource) =>
      (resource.Properties as { RoleName?: string } | undefined)?.RoleName === 'vault-smoke'
        ? null
        : resource,
    ),
    stops: 'api',
    // Of a role that is not there IAM knows no path, so the rights on /vault/ do not reach it either.
    because:
      /not authorized to perform: iam:PutRolePolicy on resource: arn:aws:iam::111122223333:role\/vault-smoke/,
  },
  {
    name: 'resources are not tagged as the deployment role’s rights want them',
    mutate: inStage(
      'network',
      withProperties('AWS::EC2::Subnet', () => ({ Tags: [] })),
    ),
    stops: 'network',
    because: /ec2:CreateSubnet[\s\S]*aws:RequestTag\/enclave-vault is absent/,
  },
  {
    name: 'a managed policy is longer than IAM takes',
    mutate: inStage('controllers', (resource, id) =>
      id === 'BreakGlass'
        ? withProperties('AWS::IAM::ManagedPolicy', () => ({
            PolicyDocument: {
              Version: '2012-10-17',
              Statement: [
                {
                  Effect: 'Allow',
                  Action: Array.from({ length: 300 }, (_, n) => `kms:Operation${n}Of300`),
                  Resource: '*',
                },
              ],
            },
          }))(resource, id)
        : resource,
    ),
    stops: 'controllers',
    because: /Cannot exceed quota for PolicySize: 6144/,
  },
  {
    name: 'user data is longer than EC2 takes',
    mutate: inStage('decryption', (resource) =>
      resource.Type === 'AWS::EC2::LaunchTemplate'
        ? {
            ...resource,
            Properties: {
              ...resource.Properties,
              LaunchTemplateData: {
                ...(resource.Properties?.LaunchTemplateData as object),
                UserData: Buffer.alloc(16_385, 35).toString('base64'),
              },
            },
          }
        : resource,
    ),
    stops: 'decryption',
    because: /User data is limited to 16384 bytes/,
  },
];

function failureOf(options: LifeOptions): Error | null {
  try {
    new Life(options).deployAll();
    return null;
  } catch (error) {
    return error as Error;
  }
}

describe('a mistake in the stages stops the vault', () => {
  test.each(MISTAKES)('$name', ({ mutate, stops, because }) => {
    // Where an order is missing, one of the two orders shows it.
    const failure = failureOf({ mutate }) ?? failureOf({ mutate, tie: 'reverse' });
    expect(failure?.message).toMatch(new RegExp(`^${stops} is `));
    expect(failure?.message).toMatch(because);
  });
});

describe('a mistake in what is done stops it as well', () => {
  const stage = (life: Life, id: string): Stage => {
    const found = stagesOf(life.config).find((one) => one.id === id);
    if (found === undefined) throw new TypeError(id);
    return found;
  };

  test('a kept stack is not deleted while it is protected', () => {
    const life = new Life();
    life.deployAll();
    expect(() => life.destroy(stage(life, 'keys'))).toThrow(
      /cannot be deleted while TerminationProtection is enabled/,
    );
  });

  test('protections are lifted first', () => {
    const life = new Life();
    life.deployAll();
    expect(() => life.destroy(stage(life, 'decryption'))).toThrow(/deletion protection is enabled/);
    expect(() => life.destroy(stage(life, 'artifacts'))).toThrow(/bucket you tried to delete is not empty/);
    expect(() => life.destroy(stage(life, 'network'))).toThrow(/mutation protection enabled/);
  });

  test('roles go last: their policies are still on them', () => {
    const life = new Life();
    life.deployAll();
    expect(() => life.destroy(stage(life, 'identities'))).toThrow(/Cannot delete entity, must/);
  });

  test('a deployment role made anew is another: a policy that named it would not know it any more', () => {
    const life = new Life();
    life.deploy(stage(life, 'controllers'));
    life.deploy(stage(life, 'identities'));
    const { world } = life.account;
    const role = world.find('AWS::IAM::Role', 'global', 'vault-deployment');
    if (role === undefined) throw new TypeError('there is a deployment role');
    const before = role.uniqueId;
    world.remove(role);
    world.add({ ...role, uniqueId: 'AROAANOTHERROLE00000' });
    // The vault's own policies name the account and a condition on the ARN instead, and go on.
    life.deployAll();
    expect(world.find('AWS::IAM::Role', 'global', 'vault-deployment')?.uniqueId).not.toBe(before);
  });
});
