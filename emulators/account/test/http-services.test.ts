// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { APIGatewayClient, GetAccountCommand } from '@aws-sdk/client-api-gateway';
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import {
  DescribeSecurityGroupRulesCommand,
  EC2Client,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import {
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { GetKeyPolicyCommand, GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms';
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
import { describe, expect, test } from 'vitest';
import { ACCOUNT } from './support/account.ts';
import { client, deploy, restart, scene, serveEach, TEMPLATE } from './support/server.ts';

serveEach();

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
