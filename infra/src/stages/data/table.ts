// SPDX-License-Identifier: Apache-2.0
import { type KeyPlace, streamPolicy, tablePolicy } from '@enclave-vault/policies';
import { Fn, type Stack } from 'aws-cdk-lib';
import { CfnGlobalTable } from 'aws-cdk-lib/aws-dynamodb';
import type { CfnKey } from 'aws-cdk-lib/aws-kms';
import type { DeployConfig } from '../../config/deploy.ts';
import { replicaPlaceOf } from '../../home.ts';
import type { Names } from '../../names.ts';
import { keep } from '../keys/customer-key.ts';

/** The table in one Region beside its own. */
export interface Replica {
  readonly region: string;
  /**
   * Whether it has its policy already. CloudFormation cannot give one to a replica in the update that makes it (DynamoDB
   * Developer Guide, "DynamoDB resource-based policy considerations"); and the maker of a replica needs rights on items
   * there that the policy gives to nobody.
   */
  readonly policy: boolean;
}

export interface TableInput {
  readonly config: DeployConfig;
  readonly place: KeyPlace;
  readonly names: Names;
  readonly key: CfnKey;
  readonly endpointId: string;
  readonly replicas: readonly Replica[];
}

/** The table of records: one item a record, replicated where the configuration says so. */
export function recordsTable(stack: Stack, input: TableInput): CfnGlobalTable {
  const { place, names, key, endpointId, replicas } = input;
  const replicated = replicas.length > 0;
  const made = new CfnGlobalTable(stack, 'Records', {
    tableName: names.table,
    billingMode: 'PAY_PER_REQUEST',
    attributeDefinitions: [
      { attributeName: 'pk', attributeType: 'S' },
      { attributeName: 'sk', attributeType: 'S' },
    ],
    keySchema: [
      { attributeName: 'pk', keyType: 'HASH' },
      { attributeName: 'sk', keyType: 'RANGE' },
    ],
    timeToLiveSpecification: { attributeName: '_ttl', enabled: true },
    sseSpecification: { sseEnabled: true, sseType: 'KMS' },
    // Replication reads it. A table without replicas needs no second way to its items.
    ...(replicated ? { streamSpecification: { streamViewType: 'NEW_AND_OLD_IMAGES' } } : {}),
    replicas: [
      replicaOf(input, place, {
        keyArn: key.attrArn,
        endpointId,
        policy: true,
        stream: replicated && replicas.every(({ policy }) => policy),
      }),
      ...replicas.map(({ region, policy }) =>
        replicaOf(input, replicaPlaceOf(input.config, input.names, region), {
          // A multi-Region key has one id everywhere.
          keyArn: Fn.join('', [`arn:${place.partition}:kms:${region}:${place.account}:key/`, key.ref]),
          policy,
          stream: policy,
        }),
      ),
    ],
  });
  keep(made);
  return made;
}

interface ReplicaInput {
  readonly keyArn: string;
  readonly endpointId?: string;
  readonly policy: boolean;
  readonly stream: boolean;
}

function replicaOf(
  { config, names }: TableInput,
  place: KeyPlace,
  { keyArn, endpointId, policy, stream }: ReplicaInput,
): CfnGlobalTable.ReplicaSpecificationProperty {
  const { table } = names;
  const { recoveryDays, contributorInsights } = config.data;
  return {
    region: place.region,
    deletionProtectionEnabled: true,
    pointInTimeRecoverySpecification: {
      pointInTimeRecoveryEnabled: true,
      recoveryPeriodInDays: recoveryDays,
    },
    sseSpecification: { kmsMasterKeyId: keyArn },
    contributorInsightsSpecification: contributorInsights
      ? { enabled: true, mode: 'THROTTLED_KEYS' }
      : { enabled: false },
    ...(policy ? { resourcePolicy: { policyDocument: tablePolicy(place, { table, endpointId }) } } : {}),
    // A stream's policy needs the stream to be there, as a replica's needs the replica.
    ...(stream
      ? { replicaStreamSpecification: { resourcePolicy: { policyDocument: streamPolicy(place, table) } } }
      : {}),
    tags: Object.entries({ ...config.tags, 'enclave-vault': config.name }).map(([name, value]) => ({
      key: name,
      value,
    })),
  };
}
