// SPDX-License-Identifier: Apache-2.0
import { artifactsKeyPolicy, type Deployment } from '@enclave-vault/policies';
import { describe, expect, test } from 'vitest';
import { homeOf } from '../src/home.ts';
import { namesOf } from '../src/names.ts';
import { ARTIFACTS } from '../src/stages/artifacts.ts';
import { NETWORK } from '../src/stages/network.ts';
import { configOf, knownOf, ofType, resourceOf, synthesize } from './support/known.ts';

const templateOf = (changes = {}) => synthesize(ARTIFACTS, knownOf(configOf(changes), [NETWORK]));
const BUCKET = 'vault-artifacts-111122223333-eu-central-1';
const template = templateOf();

interface Bucket {
  readonly VersioningConfiguration: unknown;
  readonly LifecycleConfiguration: { readonly Rules: readonly Readonly<Record<string, unknown>>[] };
  readonly [other: string]: unknown;
}
const bucket = resourceOf(template, 'Artifacts').Properties as unknown as Bucket;

describe('the bucket of artifacts', () => {
  test('is versioned, closed to the public, without ACLs, under its own key', () => {
    expect(bucket).toMatchObject({
      BucketName: BUCKET,
      VersioningConfiguration: { Status: 'Enabled' },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          {
            BucketKeyEnabled: true,
            ServerSideEncryptionByDefault: {
              SSEAlgorithm: 'aws:kms',
              KMSMasterKeyID: { 'Fn::GetAtt': ['ArtifactsKey', 'Arn'] },
            },
          },
        ],
      },
    });
  });

  test('loses nothing that was uploaded: instances fetch pinned versions for as long as they run', () => {
    const expiring = /Expiration|Transition/;
    for (const rule of bucket.LifecycleConfiguration.Rules) {
      expect(Object.keys(rule).filter((member) => expiring.test(member))).toEqual([]);
    }
    expect(bucket.LifecycleConfiguration.Rules.length).toBe(1);
  });

  test('goes with its stack, and stays when it would be replaced', () => {
    expect(resourceOf(template, 'Artifacts')).toMatchObject({
      DeletionPolicy: 'Delete',
      UpdateReplacePolicy: 'Retain',
    });
  });

  test('is locked where the configuration says so', () => {
    expect(bucket).not.toHaveProperty('ObjectLockEnabled');
    const locked = resourceOf(templateOf({ artifacts: { lockDays: 30 } }), 'Artifacts').Properties;
    expect(locked).toMatchObject({
      ObjectLockEnabled: true,
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 30 } },
      },
    });
  });

  test('has a policy in which its own key is the one value that CloudFormation fills in', () => {
    const policies = ofType(template, 'AWS::S3::BucketPolicy');
    expect(policies.length).toBe(1);
    const text = JSON.stringify(policies);
    expect(text.match(/"Fn::[A-Za-z]+"/g)).toEqual(['"Fn::GetAtt"']);
    expect(text).toContain(
      '"s3:x-amz-server-side-encryption-aws-kms-key-id":{"Fn::GetAtt":["ArtifactsKey","Arn"]}',
    );
    for (const sid of ['EnforceIdentityPerimeter', 'EnforceNetworkPerimeter', 'EnforceSecureTransport']) {
      expect(text).toContain(`"Sid":"${sid}"`);
    }
  });

  test('has a key for those who place and fetch', () => {
    const config = configOf();
    const names = namesOf(config);
    const home: Deployment = { ...homeOf(config, names), network: { vpcId: 'vpc-1' } };
    expect(resourceOf(template, 'ArtifactsKey').Properties?.KeyPolicy).toEqual(
      artifactsKeyPolicy(home, BUCKET, {
        readers: [
          names.roles.instance,
          names.roles.deployment,
          names.roles.breakGlass,
          names.roleArn('pipeline'),
        ],
        writers: config.deployers,
      }),
    );
  });
});

describe('code signing', () => {
  test('refuses what the one profile did not sign', () => {
    expect(resourceOf(template, 'CodeSigning').Properties).toMatchObject({
      AllowedPublishers: {
        SigningProfileVersionArns: [{ 'Fn::GetAtt': ['CodeProfile', 'ProfileVersionArn'] }],
      },
      CodeSigningPolicies: { UntrustedArtifactOnDeployment: 'Enforce' },
    });
    expect(resourceOf(template, 'CodeProfile').Properties).toMatchObject({
      PlatformId: 'AWSLambda-SHA384-ECDSA',
    });
  });

  test('takes no name that could be taken once only', () => {
    expect(resourceOf(template, 'CodeProfile').Properties).not.toHaveProperty('ProfileName');
  });

  test('is left out where the partition has none', () => {
    const without = templateOf({ features: { codeSigning: false } });
    expect(Object.values(without.Resources).filter(({ Type }) => /Signer|CodeSigning/.test(Type))).toEqual(
      [],
    );
    expect(without.Outputs).toMatchObject({
      CodeSigningConfigArn: { Value: 'none' },
      SigningProfileName: { Value: 'none' },
      SigningProfileVersionArn: { Value: 'none' },
    });
  });
});

test.each([
  ['aws-cn', 'cn-north-1'],
  ['aws-us-gov', 'us-gov-west-1'],
])('in %s names are of that partition', (partition, region) => {
  const account = '111122223333';
  const there = templateOf({
    partition,
    region,
    zones: [`${region}a`, `${region}b`],
    deployers: [`arn:${partition}:iam::${account}:role/deployer`],
    breakGlass: [`arn:${partition}:iam::${account}:role/on-call`],
    features: { codeSigning: false },
  });
  const text = JSON.stringify(there);
  expect(text).not.toMatch(/arn:aws:/);
  const via = `s3.${region}.amazonaws.com${partition === 'aws-cn' ? '.cn' : ''}`;
  expect(text).toContain(`"kms:ViaService":"${via}"`);
});
