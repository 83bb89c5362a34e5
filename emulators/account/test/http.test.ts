// SPDX-License-Identifier: Apache-2.0
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
import { DescribeAvailabilityZonesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { describe, expect, test } from 'vitest';
import { AwsError } from '../src/index.ts';
import { ACCOUNT, ADMIN, addRole, DEPLOYMENT, REGION } from './support/account.ts';
import { client, deploy, KEYS, restart, scene, serveEach, server, TEMPLATE } from './support/server.ts';

serveEach();

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
