// SPDX-License-Identifier: Apache-2.0
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import type { OutputSpec } from '../outputs.ts';
import { defineStage, type Stage } from '../stage.ts';
import { suppress } from '../suppress.ts';
import { dataKey } from './data/key.ts';
import { type Replica, recordsTable } from './data/table.ts';
import { customerKey, keep } from './keys/customer-key.ts';
import { NETWORK } from './network.ts';
import { keyArnOutput } from './shapes.ts';

const replicasOutput = (example: (regions: readonly string[]) => readonly string[]) =>
  ({
    matching: /none|[a-z]{2}(-[a-z]+)+-\d{1,2}/,
    example: ({ replicaRegions }) => listed(example(replicaRegions)),
    list: true,
  }) satisfies OutputSpec;

const OUTPUTS = {
  KeyArn: keyArnOutput('9', 'mrk'),
  TableName: { matching: /[A-Za-z0-9_.-]{3,255}/, example: ({ name }) => `${name}-records` },
  TableArn: {
    matching: /arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:\d{12}:table\/[A-Za-z0-9_.-]+/,
    example: ({ partition, region, account, name }) =>
      `arn:${partition}:dynamodb:${region}:${account}:table/${name}-records`,
  },
  AuditLogGroup: { matching: /[A-Za-z0-9_./#-]{1,512}/, example: ({ name }) => `/${name}/audit-heads` },
  /** Regions in which the table has a replica, or `none`. */
  ReplicaRegions: replicasOutput((regions) => regions),
  /** Those of them whose policy comes with the next update, or `none`. */
  BareReplicaRegions: replicasOutput(() => []),
} as const satisfies Stage['outputs'];

export type DataShape = typeof OUTPUTS;
export type DataStage = Stage<DataShape>;

/**
 * The stack of data in one of its states; `dataSteps` says which of them come before the last.
 * @param replicas null: as the configuration wants them in the end
 */
export function dataStage(replicas: readonly Replica[] | null): DataStage {
  return defineStage({
    id: 'data',
    title: 'Table of records and log of audit heads',
    kept: true,
    outputs: OUTPUTS,
    build(stack, { config, names, outputs, deployment }) {
      const place = deployment();
      const { auditLogDays } = config.data;
      const key = customerKey(stack, 'DataKey', {
        ...dataKey(place, names),
        multiRegion: true,
        kept: true,
      });
      const wanted = replicas ?? config.replicaRegions.map((region): Replica => ({ region, policy: true }));
      const table = recordsTable(stack, {
        config,
        place,
        names,
        key,
        endpointId: outputs(NETWORK).DynamoDbEndpointId,
        replicas: wanted,
      });
      const heads = new CfnLogGroup(stack, 'AuditHeads', {
        logGroupName: names.logGroups.auditHeads,
        kmsKeyId: key.attrArn,
        deletionProtectionEnabled: true,
        ...(auditLogDays === undefined ? {} : { retentionInDays: auditLogDays }),
      });
      keep(heads);
      suppress(heads, {
        rule: 'CloudWatchLogGroupRetentionPeriod',
        reason:
          'A head of an audit chain that expired proves nothing, so they never do unless `data.auditLogDays` says so; the group is protected from deletion.',
      });
      return {
        KeyArn: key.attrArn,
        TableName: table.ref,
        TableArn: table.attrArn,
        AuditLogGroup: heads.ref,
        ReplicaRegions: listed(wanted.map(({ region }) => region)),
        BareReplicaRegions: listed(wanted.filter(({ policy }) => !policy).map(({ region }) => region)),
      };
    },
  });
}

/** The table of records, the log group of audit heads, and the key of both, as they are in the end. */
export const DATA = dataStage(null);

function listed(regions: readonly string[]): string {
  return regions.length === 0 ? 'none' : regions.join(',');
}
