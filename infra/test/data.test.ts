// SPDX-License-Identifier: Apache-2.0
import { type PolicyDocument, streamPolicy, tablePolicy } from '@enclave-vault/policies';
import { describe, expect, test } from 'vitest';
import { homeOf, replicaPlaceOf } from '../src/home.ts';
import { namesOf } from '../src/names.ts';
import { parseOutputs } from '../src/outputs.ts';
import { dataSteps } from '../src/stages/data/steps.ts';
import { DATA, type DataStage } from '../src/stages/data.ts';
import { NETWORK } from '../src/stages/network.ts';
import { configOf, knownOf, resourceOf, synthesize } from './support/known.ts';

interface Replica {
  readonly Region: string;
  readonly ResourcePolicy?: { readonly PolicyDocument: PolicyDocument };
  readonly ReplicaStreamSpecification?: {
    readonly ResourcePolicy: { readonly PolicyDocument: PolicyDocument };
  };
  readonly [other: string]: unknown;
}

const templateOf = (changes = {}, stage: DataStage = DATA) =>
  synthesize(stage, knownOf(configOf(changes), [NETWORK]));
const tableOf = (changes = {}, stage: DataStage = DATA) => resourceOf(templateOf(changes, stage), 'Records');
const replicasOf = (changes = {}, stage: DataStage = DATA) =>
  tableOf(changes, stage).Properties?.Replicas as readonly Replica[];
const outputsOf = (changes: object, stage: DataStage) => {
  const { Outputs = {} } = templateOf(changes, stage);
  const text = Object.entries(Outputs).map(([name, { Value }]) => [
    name,
    typeof Value === 'string' ? Value : 'token',
  ]);
  const { ReplicaRegions, BareReplicaRegions } = stage.outputs;
  return parseOutputs('data', { ReplicaRegions, BareReplicaRegions }, Object.fromEntries(text));
};

const NETWORK_OF = { vpcId: `vpc-${'1'.repeat(17)}`, vpceId: `vpce-${'1'.repeat(17)}` };
const ENDPOINT = `vpce-${'4'.repeat(17)}`;

describe('the table of records', () => {
  test('has the keys, the time to live and the protection that docs/dynamodb.md says, and stays', () => {
    expect(tableOf()).toMatchObject({
      Type: 'AWS::DynamoDB::GlobalTable',
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        TableName: 'vault-records',
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
        TimeToLiveSpecification: { AttributeName: '_ttl', Enabled: true },
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
        Replicas: [
          {
            Region: 'eu-central-1',
            DeletionProtectionEnabled: true,
            PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 35 },
            SSESpecification: { KMSMasterKeyId: { 'Fn::GetAtt': ['DataKey', 'Arn'] } },
            ContributorInsightsSpecification: { Enabled: false },
            Tags: [{ Key: 'enclave-vault', Value: 'vault' }],
          },
        ],
      },
    });
  });

  test('has the policy that is proved, and no stream while nothing is replicated', () => {
    const config = configOf();
    const place = { ...homeOf(config, namesOf(config)), network: NETWORK_OF };
    const [replica] = replicasOf();
    expect(replica?.ResourcePolicy?.PolicyDocument).toEqual(
      tablePolicy(place, { table: 'vault-records', endpointId: ENDPOINT }),
    );
    expect(tableOf().Properties).not.toHaveProperty('StreamSpecification');
    expect(replica).not.toHaveProperty('ReplicaStreamSpecification');
  });

  test('takes its choices from the configuration', () => {
    const [replica] = replicasOf({
      data: { recoveryDays: 7, contributorInsights: true },
      tags: { team: 'records' },
    });
    expect(replica).toMatchObject({
      PointInTimeRecoverySpecification: { RecoveryPeriodInDays: 7 },
      // More would show the ids of whose records are read often.
      ContributorInsightsSpecification: { Enabled: true, Mode: 'THROTTLED_KEYS' },
      Tags: [
        { Key: 'team', Value: 'records' },
        { Key: 'enclave-vault', Value: 'vault' },
      ],
    });
    expect(() => configOf({ data: { recoveryDays: 36 } })).toThrow(/data.recoveryDays/);
    expect(() => configOf({ data: { auditLogDays: 100 } })).toThrow(/data.auditLogDays/);
  });
});

describe('the log of audit heads', () => {
  test('never expires by default, is protected, encrypted and stays', () => {
    const { Properties, ...rest } = resourceOf(templateOf(), 'AuditHeads');
    expect(rest).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    expect(Properties).toMatchObject({
      LogGroupName: '/vault/audit-heads',
      KmsKeyId: { 'Fn::GetAtt': ['DataKey', 'Arn'] },
      DeletionProtectionEnabled: true,
    });
    expect(Properties).not.toHaveProperty('RetentionInDays');
  });

  test('expires when the configuration says so', () => {
    const heads = resourceOf(templateOf({ data: { auditLogDays: 3653 } }), 'AuditHeads');
    expect(heads.Properties?.RetentionInDays).toBe(3653);
  });
});

describe('replicas', () => {
  const two = { replicaRegions: ['eu-west-1', 'eu-north-1'] };
  const regions = (stage: DataStage) => replicasOf(two, stage).map(({ Region }) => Region);
  const bare = (stage: DataStage) =>
    replicasOf(two, stage)
      .filter(({ ResourcePolicy }) => ResourcePolicy === undefined)
      .map(({ Region }) => Region);

  test('come one an update, without their policies, which come last', () => {
    const steps = dataSteps(configOf(two), null);
    expect(steps.map(({ stage }) => regions(stage))).toEqual([
      ['eu-central-1'],
      ['eu-central-1', 'eu-west-1'],
      ['eu-central-1', 'eu-west-1', 'eu-north-1'],
      ['eu-central-1', 'eu-west-1', 'eu-north-1'],
    ]);
    expect(steps.map(({ stage }) => bare(stage))).toEqual([
      [],
      ['eu-west-1'],
      ['eu-west-1', 'eu-north-1'],
      [],
    ]);
    expect(steps.map(({ keysIn }) => keysIn)).toEqual([
      [],
      ['eu-west-1'],
      ['eu-north-1'],
      ['eu-west-1', 'eu-north-1'],
    ]);
    expect(steps.at(-1)?.stage).toBe(DATA);
  });

  test('go on from wherever an earlier run ended', () => {
    const config = configOf(two);
    const all = dataSteps(config, null);
    const deployed = all.map(({ stage }) => outputsOf(two, stage));
    const rest = deployed.map((outputs) =>
      dataSteps(config, outputs as Parameters<typeof dataSteps>[1]).map(({ stage }) => [
        regions(stage).length,
        bare(stage).length,
      ]),
    );
    expect(rest).toEqual([
      [
        [2, 1],
        [3, 2],
        [3, 0],
      ],
      [
        [3, 2],
        [3, 0],
      ],
      [[3, 0]],
      [[3, 0]],
    ]);
  });

  test('keep their policy while another is added', () => {
    const deployed = outputsOf({ replicaRegions: ['eu-west-1'] }, DATA);
    const [first] = dataSteps(configOf(two), deployed as Parameters<typeof dataSteps>[1]);
    expect(first && bare(first.stage)).toEqual(['eu-north-1']);
  });

  test('add nothing where there are none', () => {
    expect(dataSteps(configOf(), null)).toEqual([{ stage: DATA, keysIn: [] }]);
    expect(outputsOf({}, DATA)).toEqual({ ReplicaRegions: ['none'], BareReplicaRegions: ['none'] });
  });

  test('do not go by a line taken from the configuration', () => {
    const deployed = outputsOf(two, DATA) as Parameters<typeof dataSteps>[1];
    expect(() => dataSteps(configOf({ replicaRegions: ['eu-west-1'] }), deployed)).toThrow(
      expect.objectContaining({ code: 'template_refused' }),
    );
  });

  test('have a key and a policy of their Region, a stream, and the same protection', () => {
    const config = configOf(two);
    const there = replicaPlaceOf(config, namesOf(config), 'eu-north-1');
    const replica = replicasOf(two).find(({ Region }) => Region === 'eu-north-1');
    expect(replica).toMatchObject({
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      SSESpecification: {
        KMSMasterKeyId: {
          'Fn::Join': ['', ['arn:aws:kms:eu-north-1:111122223333:key/', { Ref: 'DataKey' }]],
        },
      },
    });
    expect(replica?.ResourcePolicy?.PolicyDocument).toEqual(tablePolicy(there, { table: 'vault-records' }));
    expect(replica?.ReplicaStreamSpecification?.ResourcePolicy.PolicyDocument).toEqual(
      streamPolicy(there, 'vault-records'),
    );
    expect(tableOf(two).Properties?.StreamSpecification).toEqual({ StreamViewType: 'NEW_AND_OLD_IMAGES' });
    const streams = replicasOf(two).filter(({ ReplicaStreamSpecification }) => ReplicaStreamSpecification);
    expect(streams.length).toBe(3);
  });
});
