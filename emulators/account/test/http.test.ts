// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { APIGatewayClient, GetAccountCommand } from '@aws-sdk/client-api-gateway';
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import {
  CloudFormationClient,
  CreateChangeSetCommand,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  GetTemplateCommand,
} from '@aws-sdk/client-cloudformation';
import {
  DescribeAvailabilityZonesCommand,
  DescribeSecurityGroupRulesCommand,
  EC2Client,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import {
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { GetKeyPolicyCommand, GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import { DescribeSigningJobCommand, SignerClient, StartSigningJobCommand } from '@aws-sdk/client-signer';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AccountServer, AwsError, type ServerOptions, startAccountServer } from '../src/index.ts';
import { ACCOUNT, ADMIN, addRole, type Bench, bench, DEPLOYMENT, REGION } from './support/account.ts';

const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
const root = `arn:aws:iam::${ACCOUNT}:root`;

const TEMPLATE = {
  Resources: {
    Bucket: {
      Type: 'AWS::S3::Bucket',
      Properties: { BucketName: 'artifacts-of-tests', VersioningConfiguration: { Status: 'Enabled' } },
    },
    Key: {
      Type: 'AWS::KMS::Key',
      Properties: {
        KeySpec: 'ECC_NIST_P384',
        KeyUsage: 'SIGN_VERIFY',
        KeyPolicy: {
          Version: '2012-10-17',
          Statement: [
            { Sid: 'Account', Effect: 'Allow', Principal: { AWS: root }, Action: 'kms:*', Resource: '*' },
          ],
        },
      },
    },
    Profile: { Type: 'AWS::Signer::SigningProfile', Properties: { PlatformId: 'AWSLambda-SHA384-ECDSA' } },
    Vpc: {
      Type: 'AWS::EC2::VPC',
      Properties: { CidrBlock: '10.0.0.0/16', EnableDnsSupport: true, EnableDnsHostnames: true },
    },
  },
  Outputs: {
    Bucket: { Value: { Ref: 'Bucket' } },
    KeyArn: { Value: { 'Fn::GetAtt': ['Key', 'Arn'] } },
    Profile: { Value: { 'Fn::GetAtt': ['Profile', 'ProfileName'] } },
    ProfileVersion: { Value: { 'Fn::GetAtt': ['Profile', 'ProfileVersionArn'] } },
    DefaultGroup: { Value: { 'Fn::GetAtt': ['Vpc', 'DefaultSecurityGroup'] } },
  },
};

let scene: Bench;
let server: AccountServer;

const start = async (options: Partial<ServerOptions> = {}): Promise<void> => {
  server = await startAccountServer({
    account: scene.account,
    credentials: [{ ...KEYS, principal: ADMIN, session: 'person' }],
    ...options,
  });
};

beforeEach(async () => {
  scene = bench();
  await start();
});
afterEach(() => server.close());

const client = (credentials: object = KEYS) =>
  ({ region: REGION, endpoint: server.url, credentials, maxAttempts: 1 }) as {
    region: string;
    endpoint: string;
    credentials: typeof KEYS;
    maxAttempts: number;
  };

const restart = async (options: Partial<ServerOptions>): Promise<void> => {
  await server.close();
  await start(options);
};

/** Deploys the template, as a client does. @returns outputs */
async function deploy(template: object = TEMPLATE): Promise<Record<string, string>> {
  const cloudformation = new CloudFormationClient(client());
  const { Id } = await cloudformation.send(
    new CreateChangeSetCommand({
      StackName: 'things',
      ChangeSetName: 'first',
      ChangeSetType: 'CREATE',
      TemplateBody: JSON.stringify(template),
      RoleARN: DEPLOYMENT,
      Tags: [{ Key: 'enclave-vault', Value: 'tests' }],
    }),
  );
  await cloudformation.send(new ExecuteChangeSetCommand({ ChangeSetName: Id }));
  for (;;) {
    const { Stacks = [] } = await cloudformation.send(new DescribeStacksCommand({ StackName: 'things' }));
    const [stack] = Stacks;
    if (stack?.StackStatus?.endsWith('_IN_PROGRESS')) continue;
    expect(stack?.StackStatus, stack?.StackStatusReason).toBe('CREATE_COMPLETE');
    return Object.fromEntries(
      (stack?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
    );
  }
}

describe('CloudFormation', () => {
  test('a change set tells what it will do, an execution can be watched, and the template is read back', async () => {
    await restart({ pace: 1 });
    const cloudformation = new CloudFormationClient(client());
    const { Id } = await cloudformation.send(
      new CreateChangeSetCommand({
        StackName: 'things',
        ChangeSetName: 'first',
        ChangeSetType: 'CREATE',
        TemplateBody: JSON.stringify(TEMPLATE),
        RoleARN: DEPLOYMENT,
      }),
    );
    const described = await cloudformation.send(new DescribeChangeSetCommand({ ChangeSetName: Id }));
    expect(described.Status).toBe('CREATE_COMPLETE');
    expect(
      described.Changes?.map(
        ({ ResourceChange }) => `${ResourceChange?.Action} ${ResourceChange?.LogicalResourceId}`,
      ),
    ).toEqual(['Add Bucket', 'Add Key', 'Add Profile', 'Add Vpc']);
    await cloudformation.send(new ExecuteChangeSetCommand({ ChangeSetName: Id }));
    const seen = new Set<string | undefined>();
    for (let looks = 0; !seen.has('CREATE_COMPLETE') && looks < 50; looks += 1) {
      const { Stacks } = await cloudformation.send(new DescribeStacksCommand({ StackName: 'things' }));
      seen.add(Stacks?.[0]?.StackStatus);
    }
    expect([...seen]).toEqual(['CREATE_IN_PROGRESS', 'CREATE_COMPLETE']);
    const { StackEvents = [] } = await cloudformation.send(
      new DescribeStackEventsCommand({ StackName: 'things' }),
    );
    expect(StackEvents[0]).toMatchObject({
      ResourceType: 'AWS::CloudFormation::Stack',
      ResourceStatus: 'CREATE_COMPLETE',
    });
    const { TemplateBody = '' } = await cloudformation.send(new GetTemplateCommand({ StackName: 'things' }));
    expect(JSON.parse(TemplateBody)).toEqual(TEMPLATE);
  });

  test('a stack that is not there is a validation error, and one with nothing to change says so', async () => {
    const cloudformation = new CloudFormationClient(client());
    const missing = cloudformation.send(new DescribeStacksCommand({ StackName: 'nothing' }));
    await expect(missing).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'Stack with id nothing does not exist',
    });
    await deploy();
    await cloudformation.send(
      new CreateChangeSetCommand({
        StackName: 'things',
        ChangeSetName: 'same',
        ChangeSetType: 'UPDATE',
        TemplateBody: JSON.stringify(TEMPLATE),
      }),
    );
    const same = await cloudformation.send(
      new DescribeChangeSetCommand({ StackName: 'things', ChangeSetName: 'same' }),
    );
    expect(same).toMatchObject({ Status: 'FAILED', ExecutionStatus: 'UNAVAILABLE' });
    expect(same.StatusReason).toMatch(/didn't contain changes/);
  });

  test('a deleted stack is found by its id alone', async () => {
    await deploy();
    const cloudformation = new CloudFormationClient(client());
    const { Stacks } = await cloudformation.send(new DescribeStacksCommand({ StackName: 'things' }));
    await cloudformation.send(new DeleteStackCommand({ StackName: 'things' }));
    const id = Stacks?.[0]?.StackId;
    const after = await cloudformation.send(new DescribeStacksCommand({ StackName: id }));
    expect(after.Stacks?.[0]?.StackStatus).toBe('DELETE_COMPLETE');
    await expect(cloudformation.send(new DescribeStacksCommand({ StackName: 'things' }))).rejects.toThrow(
      /does not exist/,
    );
  });
});

describe('identity', () => {
  test('a session is told who it is, and finds its role', async () => {
    const identity = await new STSClient(client()).send(new GetCallerIdentityCommand({}));
    expect(identity).toMatchObject({
      Account: ACCOUNT,
      Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/admin/person`,
    });
    const { Role } = await new IAMClient(client()).send(new GetRoleCommand({ RoleName: 'admin' }));
    expect(Role?.Arn).toBe(ADMIN);
    await expect(
      new IAMClient(client()).send(new GetRoleCommand({ RoleName: 'nobody' })),
    ).rejects.toMatchObject({
      name: 'NoSuchEntityException',
    });
  });

  test.each([
    ['another secret', { ...KEYS, secretAccessKey: 'guess' }, 'SignatureDoesNotMatch'],
    ['an unknown key', { ...KEYS, accessKeyId: 'AKIDOTHER' }, 'InvalidClientTokenId'],
    ['a token that was not issued', { ...KEYS, sessionToken: 'made-up' }, 'InvalidClientTokenId'],
  ])('%s is refused', async (_, credentials, name) => {
    await expect(
      new STSClient(client(credentials)).send(new GetCallerIdentityCommand({})),
    ).rejects.toMatchObject({ name });
  });

  test('expired credentials are refused in the words of each protocol', async () => {
    await restart({ credentials: [{ ...KEYS, principal: ADMIN, expiresAt: scene.account.world.clock.now }] });
    await expect(new STSClient(client()).send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({
      name: expect.stringMatching(/^ExpiredToken(Exception)?$/),
    });
    await expect(new KMSClient(client()).send(new GetPublicKeyCommand({ KeyId: 'x' }))).rejects.toMatchObject(
      {
        name: 'ExpiredTokenException',
      },
    );
  });

  test('who has no right is refused in the words of each service', async () => {
    addRole(scene.account, `arn:aws:iam::${ACCOUNT}:role/nobody`, null);
    await restart({ credentials: [{ ...KEYS, principal: `arn:aws:iam::${ACCOUNT}:role/nobody` }] });
    await expect(
      new EC2Client(client()).send(new DescribeAvailabilityZonesCommand({})),
    ).rejects.toMatchObject({
      name: 'UnauthorizedOperation',
    });
    await expect(
      new CloudFormationClient(client()).send(new DescribeStacksCommand({ StackName: 'x' })),
    ).rejects.toMatchObject({
      name: 'AccessDenied',
    });
    await expect(
      new LambdaClient(client()).send(new InvokeCommand({ FunctionName: 'x' })),
    ).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });
});

describe('S3', () => {
  const put = async (Key: string, text: string): Promise<string> => {
    const ChecksumSHA256 = createHash('sha256').update(text).digest('base64');
    const { VersionId = '' } = await new S3Client(client()).send(
      new PutObjectCommand({
        Bucket: 'artifacts-of-tests',
        Key,
        Body: Buffer.from(text),
        ChecksumSHA256,
        ExpectedBucketOwner: ACCOUNT,
      }),
    );
    return VersionId;
  };

  test('versions stay apart and keep their checksum', async () => {
    await deploy();
    const s3 = new S3Client(client());
    const [one, two] = [await put('a/b c.zip', 'one'), await put('a/b c.zip', 'two')];
    expect(one).not.toBe(two);
    const head = await s3.send(
      new HeadObjectCommand({ Bucket: 'artifacts-of-tests', Key: 'a/b c.zip', ChecksumMode: 'ENABLED' }),
    );
    expect(head).toMatchObject({
      VersionId: two,
      ChecksumSHA256: createHash('sha256').update('two').digest('base64'),
    });
    const { Body } = await s3.send(
      new GetObjectCommand({ Bucket: 'artifacts-of-tests', Key: 'a/b c.zip', VersionId: one }),
    );
    expect(await Body?.transformToString()).toBe('one');
    await expect(
      s3.send(new HeadObjectCommand({ Bucket: 'artifacts-of-tests', Key: 'none' })),
    ).rejects.toMatchObject({ name: 'NotFound' });
    const versioning = await s3.send(new GetBucketVersioningCommand({ Bucket: 'artifacts-of-tests' }));
    expect(versioning.Status).toBe('Enabled');
  });

  test('a bucket is emptied of every version, and another account’s bucket is refused', async () => {
    await deploy();
    const s3 = new S3Client(client());
    await put('a', 'one');
    await put('a', 'two');
    const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: 'artifacts-of-tests' }));
    expect(Versions).toHaveLength(2);
    const Objects = Versions.map(({ Key, VersionId }) => ({ Key, VersionId }));
    await s3.send(new DeleteObjectsCommand({ Bucket: 'artifacts-of-tests', Delete: { Objects } }));
    const left = await s3.send(new ListObjectVersionsCommand({ Bucket: 'artifacts-of-tests' }));
    expect(left.Versions ?? []).toEqual([]);
    const foreign = s3.send(
      new HeadObjectCommand({ Bucket: 'artifacts-of-tests', Key: 'a', ExpectedBucketOwner: '999999999999' }),
    );
    await expect(foreign).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
  });

  test('other bytes than announced are refused', async () => {
    await deploy();
    const wrong = new S3Client(client()).send(
      new PutObjectCommand({
        Bucket: 'artifacts-of-tests',
        Key: 'x',
        Body: Buffer.from('these'),
        ChecksumSHA256: createHash('sha256').update('those').digest('base64'),
      }),
    );
    await expect(wrong).rejects.toMatchObject({ name: 'BadDigest' });
  });

  test('Signer signs what is there, under the profile’s version', async () => {
    const { Profile, ProfileVersion } = await deploy();
    const version = await put('unsigned/f.zip', 'code');
    const signer = new SignerClient(client());
    const { jobId } = await signer.send(
      new StartSigningJobCommand({
        profileName: Profile,
        source: { s3: { bucketName: 'artifacts-of-tests', key: 'unsigned/f.zip', version } },
        destination: { s3: { bucketName: 'artifacts-of-tests', prefix: 'signed/' } },
      }),
    );
    expect((await signer.send(new DescribeSigningJobCommand({ jobId }))).status).toBe('InProgress');
    const done = await signer.send(new DescribeSigningJobCommand({ jobId }));
    expect(done.status).toBe('Succeeded');
    const object = scene.account.world.objects.get('artifacts-of-tests', done.signedObject?.s3?.key ?? '');
    expect(object?.signedBy).toBe(ProfileVersion);
  });
});

describe('other services', () => {
  test('KMS gives a real key, the same each time, and the policy as it stands', async () => {
    const { KeyArn } = await deploy();
    const kms = new KMSClient(client());
    const [a, b] = [
      await kms.send(new GetPublicKeyCommand({ KeyId: KeyArn })),
      await kms.send(new GetPublicKeyCommand({ KeyId: KeyArn })),
    ];
    expect(a.KeySpec).toBe('ECC_NIST_P384');
    expect(a.PublicKey).toEqual(b.PublicKey);
    expect(a.PublicKey).toHaveLength(120);
    const { Policy = '' } = await kms.send(new GetKeyPolicyCommand({ KeyId: KeyArn, PolicyName: 'default' }));
    expect(JSON.parse(Policy)).toEqual(TEMPLATE.Resources.Key.Properties.KeyPolicy);
  });

  test('the default group of a VPC has two rules until they are revoked', async () => {
    const { DefaultGroup } = await deploy();
    const ec2 = new EC2Client(client());
    const rules = async () =>
      (
        await ec2.send(
          new DescribeSecurityGroupRulesCommand({
            Filters: [{ Name: 'group-id', Values: [String(DefaultGroup)] }],
          }),
        )
      ).SecurityGroupRules ?? [];
    const [first, second] = await rules();
    expect([first?.IsEgress, second?.IsEgress]).toEqual([false, true]);
    await ec2.send(
      new RevokeSecurityGroupIngressCommand({
        GroupId: DefaultGroup,
        SecurityGroupRuleIds: [String(first?.SecurityGroupRuleId)],
      }),
    );
    await ec2.send(
      new RevokeSecurityGroupEgressCommand({
        GroupId: DefaultGroup,
        SecurityGroupRuleIds: [String(second?.SecurityGroupRuleId)],
      }),
    );
    expect(await rules()).toEqual([]);
  });

  test('a quota is what was set, and otherwise AWS’s default', async () => {
    await restart({ quotas: { 'L-1216C47A': 64 } });
    const quotas = new ServiceQuotasClient(client());
    const set = await quotas.send(
      new GetServiceQuotaCommand({ ServiceCode: 'ec2', QuotaCode: 'L-1216C47A' }),
    );
    expect(set.Quota?.Value).toBe(64);
    const none = quotas.send(new GetServiceQuotaCommand({ ServiceCode: 'ec2', QuotaCode: 'L-34B43A08' }));
    await expect(none).rejects.toMatchObject({ name: 'NoSuchResourceException' });
    const usual = await quotas.send(
      new GetAWSDefaultServiceQuotaCommand({ ServiceCode: 'ec2', QuotaCode: 'L-34B43A08' }),
    );
    expect(usual.Quota?.Value).toBe(5);
  });

  test('no role of API Gateway is set, no group scales, no target is known', async () => {
    expect(
      (await new APIGatewayClient(client()).send(new GetAccountCommand({}))).cloudwatchRoleArn,
    ).toBeUndefined();
    const groups = await new AutoScalingClient(client()).send(new DescribeAutoScalingGroupsCommand({}));
    expect(groups.AutoScalingGroups).toEqual([]);
    const health = new ElasticLoadBalancingV2Client(client()).send(
      new DescribeTargetHealthCommand({ TargetGroupArn: 'arn:aws:x' }),
    );
    await expect(health).rejects.toMatchObject({ name: expect.stringMatching(/^TargetGroupNotFound/) });
  });
});

describe('hooks', () => {
  test('throttled twice, a client that retries gets through', async () => {
    await restart({
      intercept: ({ operation, count }) =>
        operation === 'GetCallerIdentity' && count <= 2
          ? new AwsError('Throttling', 'Rate exceeded')
          : undefined,
    });
    const identity = await new STSClient({ ...client(), maxAttempts: 5 }).send(
      new GetCallerIdentityCommand({}),
    );
    expect(identity.Account).toBe(ACCOUNT);
    expect(server.calls.filter((call) => call === 'sts:GetCallerIdentity')).toHaveLength(3);
  });

  test('the creation that is told to fail rolls the stack back', async () => {
    await restart({
      fault: (operation, type) => {
        if (operation === 'create' && type === 'AWS::EC2::VPC')
          throw new AwsError('VpcLimitExceeded', 'The maximum number of VPCs has been reached.');
      },
    });
    await expect(deploy()).rejects.toThrow(/CREATE_COMPLETE/);
    const stack = server.cloud(REGION).get('things');
    expect(stack.status).toBe('ROLLBACK_COMPLETE');
    expect(scene.account.world.all('AWS::S3::Bucket')).toEqual([]);
  });
});
