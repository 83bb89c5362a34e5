// SPDX-License-Identifier: Apache-2.0
import type { Region } from '../../tools/docs-check/cost/prices.ts';

/** Something of which there is so much, and of which a request takes a part. */
export interface Quota {
  readonly name: string;
  /** A second, in each Region; of `concurrency` at once. */
  readonly most: Readonly<Record<Region, number>>;
  readonly takes: Takes;
  /** Who shares it: all in an account and Region, or those who use one table or partition. */
  readonly of: 'account' | 'table' | 'partition';
  readonly mend: string;
  /** AWS's document, and whether it was read; the quota may differ in an account, and is shown there by Service Quotas. */
  readonly source: string;
}

/** KMS's for the account, requests a second in each Region. */
export const KMS_PAIRS = 100;
export const KMS_SYMMETRIC: Quota['most'] = { 'eu-central-1': 20_000, 'us-east-1': 100_000 };

/** What a request takes of a quota: the arithmetic has a figure for each. */
export type Takes =
  | 'kmsCalls'
  | 'keyPairs'
  | 'writeUnits'
  | 'readUnits'
  | 'concurrency'
  | 'requests'
  | 'heads'
  | 'chainWrites';

const everywhere = (most: number): Quota['most'] => ({ 'eu-central-1': most, 'us-east-1': most });
const KMS =
  '[“Request quotas”, KMS Developer Guide](https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html)';
const ON_DEMAND =
  '[“DynamoDB on-demand capacity mode”, Developer Guide](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html): initial throughput';
export const MEMORY = 'not checked against AWS’s page';

export const QUOTAS: readonly Quota[] = [
  {
    name: 'KMS, symmetric operations',
    most: KMS_SYMMETRIC,
    takes: 'kmsCalls',
    of: 'account',
    mend: 'more of the cache of keys in the enclave; a higher quota (it is adjustable, and shared with all else in the account that uses KMS); more Regions',
    source: `${KMS}; which Region has which was not checked`,
  },
  {
    name: 'KMS, GenerateDataKeyPair on P-384',
    most: everywhere(KMS_PAIRS),
    takes: 'keyPairs',
    of: 'account',
    mend: 'pairs made beforehand for peaks; a higher quota; more Regions. Nothing else: each record has a pair of its own',
    source: KMS,
  },
  {
    name: 'DynamoDB, a new table on demand: write units',
    most: everywhere(4_000),
    takes: 'writeUnits',
    of: 'table',
    mend: 'set its warm throughput beforehand, or let the load grow: a table takes twice its former peak',
    source: ON_DEMAND,
  },
  {
    name: 'DynamoDB, a new table on demand: read units',
    most: everywhere(12_000),
    takes: 'readUnits',
    of: 'table',
    mend: 'as for its writes',
    source: ON_DEMAND,
  },
  {
    name: 'DynamoDB, write units of a table',
    most: everywhere(40_000),
    takes: 'writeUnits',
    of: 'table',
    mend: 'a higher quota of the table',
    source: `“Quotas in Amazon DynamoDB”, Developer Guide: ${MEMORY}`,
  },
  {
    name: 'DynamoDB, read units of a table',
    most: everywhere(40_000),
    takes: 'readUnits',
    of: 'table',
    mend: 'a higher quota of the table',
    source: `“Quotas in Amazon DynamoDB”, Developer Guide: ${MEMORY}`,
  },
  {
    name: 'DynamoDB, write units of a partition: requests for one record',
    most: everywhere(1_000),
    takes: 'chainWrites',
    of: 'partition',
    mend: 'nothing: the entries of one record’s chain follow each other. Ask for several fields and expressions in one request',
    source: '“Designing partition keys”, DynamoDB Developer Guide: docs/dynamodb.md',
  },
  {
    name: 'Lambda, concurrent executions',
    most: everywhere(1_000),
    takes: 'concurrency',
    of: 'account',
    mend: 'a higher quota, and reserve it for the function; the API on instances',
    source: `“Lambda quotas”, Developer Guide: ${MEMORY}`,
  },
  {
    name: 'API Gateway, requests',
    most: everywhere(10_000),
    takes: 'requests',
    of: 'account',
    mend: 'a higher quota; several records in a request; the API on instances behind a balancer',
    source: `“Quotas for REST APIs”, API Gateway Developer Guide: ${MEMORY}`,
  },
  {
    name: 'CloudWatch Logs, PutLogEvents',
    most: everywhere(5_000),
    takes: 'heads',
    of: 'account',
    mend: 'a higher quota; several records in a request, or the API on instances: heads of concurrent requests of one process share a call',
    source: `“CloudWatch Logs quotas”, User Guide: ${MEMORY}`,
  },
];
