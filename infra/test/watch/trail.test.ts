// SPDX-License-Identifier: Apache-2.0
import { readRole } from '@enclave-vault/settings';
import { describe, expect, it } from 'vitest';
import { DEPLOY, exampleKnown, synthesize, type Template } from '../../src/index.ts';
import { EVIDENCE } from '../../src/stages/evidence.ts';
import { WATCH } from '../../src/stages/watch.ts';

const ACCOUNT = '111122223333';
type Properties = Readonly<Record<string, unknown>>;

function templates(env: Readonly<Record<string, string>> = {}): { evidence: Template; watch: Template } {
  const known = exampleKnown(readRole(DEPLOY, { file: DEPLOY.example, env }));
  return { evidence: synthesize(EVIDENCE, known), watch: synthesize(WATCH, known) };
}
const { evidence, watch } = templates();
const resources = (from: Template, type: string) =>
  Object.values(from.Resources).filter(({ Type }) => Type === type);
const one = (from: Template, type: string): Properties => {
  const found = resources(from, type);
  expect(found).toHaveLength(1);
  return found[0]?.Properties ?? {};
};

describe('the trail', () => {
  const trail = one(watch, 'AWS::CloudTrail::Trail');

  it('records all Regions and IAM, in files that cannot be changed unnoticed', () => {
    expect(trail).toMatchObject({
      TrailName: 'vault-trail',
      IsLogging: true,
      IsMultiRegionTrail: true,
      IncludeGlobalServiceEvents: true,
      EnableLogFileValidation: true,
      S3BucketName: `vault-trail-${ACCOUNT}-eu-central-1`,
    });
    expect(trail.KMSKeyId).toMatch(/^arn:aws:kms:eu-central-1:/);
  });

  it('leaves out no management event, KMS’s least of all', () => {
    const [management] = trail.AdvancedEventSelectors as [{ FieldSelectors: unknown }];
    expect(management.FieldSelectors).toEqual([{ Field: 'eventCategory', Equals: ['Management'] }]);
  });

  it('records each access to the artifacts, and to the table where that is asked for', () => {
    const names = (from: Template) =>
      (one(from, 'AWS::CloudTrail::Trail').AdvancedEventSelectors as { Name: string }[]).map(
        ({ Name }) => Name,
      );
    expect(names(watch)).toEqual([
      'Management events',
      'The API, invoked past the gateway',
      'Files of the bucket of artifacts',
    ]);
    const both = templates({ ENCLAVE_VAULT_DEPLOY_WATCH_DATA_EVENTS: 'artifacts,table' }).watch;
    expect(names(both)).toEqual([...names(watch), 'Items of the table']);
    expect(JSON.stringify(both.Resources)).toContain(
      `arn:aws:dynamodb:eu-central-1:${ACCOUNT}:table/vault-records`,
    );
  });

  it('records who invokes the API’s function with an identity of his own, and not the gateway', () => {
    const [, direct] = trail.AdvancedEventSelectors as { FieldSelectors: unknown }[];
    expect(direct?.FieldSelectors).toEqual([
      { Field: 'eventCategory', Equals: ['Data'] },
      { Field: 'resources.type', Equals: ['AWS::Lambda::Function'] },
      { Field: 'resources.ARN', StartsWith: [`arn:aws:lambda:eu-central-1:${ACCOUNT}:function:vault-api`] },
      // A service's identity has no ARN.
      { Field: 'userIdentity.arn', StartsWith: ['arn:aws:'] },
    ]);
  });

  it('waits for the role that writes its copy', () => {
    const [resource] = resources(watch, 'AWS::CloudTrail::Trail');
    expect(resource?.DependsOn).toEqual(['TrailPermissions']);
    expect(trail.CloudWatchLogsRoleArn).toBe(`arn:aws:iam::${ACCOUNT}:role/vault/vault-trail`);
  });

  it('is missed when it is silent', () => {
    const alarms = resources(watch, 'AWS::CloudWatch::Alarm').map(({ Properties }) => Properties);
    expect(alarms).toContainEqual(
      expect.objectContaining({
        AlarmName: 'vault-watch-silent',
        MetricName: 'IncomingLogEvents',
        Dimensions: [{ Name: 'LogGroupName', Value: '/vault/trail' }],
        ComparisonOperator: 'LessThanThreshold',
        TreatMissingData: 'breaching',
      }),
    );
  });

  it('has no copy, no filters and no such alarm where that is too dear', () => {
    const cheap = templates({ ENCLAVE_VAULT_DEPLOY_WATCH_COPY_TO_LOGS: 'false' }).watch;
    expect(one(cheap, 'AWS::CloudTrail::Trail').CloudWatchLogsLogGroupArn).toBeUndefined();
    for (const type of ['AWS::Logs::LogGroup', 'AWS::Logs::MetricFilter', 'AWS::IAM::RolePolicy'])
      expect(resources(cheap, type)).toEqual([]);
    expect(resources(cheap, 'AWS::Events::Rule').length).toBe(resources(watch, 'AWS::Events::Rule').length);
    expect(JSON.stringify(cheap.Resources)).not.toContain('vault-watch-silent');
  });
});

describe('the evidence', () => {
  it('stays, whatever becomes of its stack', () => {
    expect(EVIDENCE.kept).toBe(true);
    const all = Object.values(evidence.Resources);
    expect(all.length).toBeGreaterThan(3);
    for (const { DeletionPolicy, UpdateReplacePolicy } of all)
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
  });

  it('is a bucket of its own: encrypted, versioned, closed to the public, emptied by time alone', () => {
    const bucket = one(evidence, 'AWS::S3::Bucket');
    expect(bucket).toMatchObject({
      BucketName: `vault-trail-${ACCOUNT}-eu-central-1`,
      VersioningConfiguration: { Status: 'Enabled' },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      LifecycleConfiguration: { Rules: [{ ExpirationInDays: 731, Status: 'Enabled' }] },
    });
    expect(JSON.stringify(bucket.BucketEncryption)).toContain('aws:kms');
  });

  it('names its bucket and its trail in policies as plain text', () => {
    const policies = [
      one(evidence, 'AWS::S3::BucketPolicy').PolicyDocument,
      one(evidence, 'AWS::KMS::Key').KeyPolicy,
    ];
    for (const policy of policies) {
      expect(JSON.stringify(policy)).not.toMatch(/"(Ref|Fn::[A-Za-z]+)"/);
      expect(JSON.stringify(policy)).toContain(
        `arn:aws:cloudtrail:eu-central-1:${ACCOUNT}:trail/vault-trail`,
      );
    }
    expect(JSON.stringify(policies[0])).toContain(`arn:aws:s3:::vault-trail-${ACCOUNT}-eu-central-1/*`);
  });

  it('rotates its key', () => {
    expect(one(evidence, 'AWS::KMS::Key')).toMatchObject({
      EnableKeyRotation: true,
      PendingWindowInDays: 30,
    });
  });
});

describe('settings', () => {
  it('of a log group go with an existing trail', () => {
    expect(() =>
      readRole(DEPLOY, { file: DEPLOY.example, env: { ENCLAVE_VAULT_DEPLOY_WATCH_LOG_GROUP: 'trail' } }),
    ).toThrow(/watch\.logGroup/);
  });
  it.each([
    ['ENCLAVE_VAULT_DEPLOY_WATCH_TRAIL', 'none'],
    ['ENCLAVE_VAULT_DEPLOY_WATCH_DATA_EVENTS', 'artifacts,secrets'],
    ['ENCLAVE_VAULT_DEPLOY_WATCH_TRAIL_DAYS', '30'],
    ['ENCLAVE_VAULT_DEPLOY_WATCH_LOG_DAYS', '100'],
    ['ENCLAVE_VAULT_DEPLOY_WATCH_REFUSED_DECRYPTS', '0'],
    ['ENCLAVE_VAULT_DEPLOY_CANARY_MINUTES', '1'],
  ])('%s=%s is refused', (variable, value) => {
    expect(() => readRole(DEPLOY, { file: DEPLOY.example, env: { [variable]: value } })).toThrow();
  });
});
