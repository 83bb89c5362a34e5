// SPDX-License-Identifier: Apache-2.0
import {
  CloudFormationClient,
  CreateChangeSetCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
} from '@aws-sdk/client-cloudformation';
import { afterEach, beforeEach, expect } from 'vitest';
import { type AccountServer, type ServerOptions, startAccountServer } from '../../src/index.ts';
import { ACCOUNT, ADMIN, type Bench, bench, DEPLOYMENT, REGION } from './account.ts';

export const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
const root = `arn:aws:iam::${ACCOUNT}:root`;

export const TEMPLATE = {
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

export let scene: Bench;
export let server: AccountServer;

const start = async (options: Partial<ServerOptions> = {}): Promise<void> => {
  server = await startAccountServer({
    account: scene.account,
    credentials: [{ ...KEYS, principal: ADMIN, session: 'person' }],
    ...options,
  });
};

/** A server of its own for each test of a file. */
export function serveEach(): void {
  beforeEach(async () => {
    scene = bench();
    await start();
  });
  afterEach(() => server.close());
}

export const client = (credentials: object = KEYS) =>
  ({ region: REGION, endpoint: server.url, credentials, maxAttempts: 1 }) as {
    region: string;
    endpoint: string;
    credentials: typeof KEYS;
    maxAttempts: number;
  };

export const restart = async (options: Partial<ServerOptions>): Promise<void> => {
  await server.close();
  await start(options);
};

/** Deploys the template, as a client does. @returns outputs */
export async function deploy(template: object = TEMPLATE): Promise<Record<string, string>> {
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
