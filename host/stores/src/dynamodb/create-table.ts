// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { StoreError } from '@enclave-vault/vault';
import { DeadlinePassed, within } from '../aws/within.ts';
import { createClient, type DynamoPlace } from './client.ts';
import { asStoreError } from './dynamodb-errors.ts';

export interface CreateTableOptions extends DynamoPlace {
  /** Keep 35 days of states to go back to. Default false: what was erased stays in them for that time. */
  readonly pointInTimeRecovery?: boolean;
  /** Default false. */
  readonly deletionProtection?: boolean;
}

/** What the endpoint took. A stand-in for DynamoDB may not have all. */
export interface CreatedTable {
  readonly timeToLive: boolean;
  readonly pointInTimeRecovery: boolean;
}

const CREATING_MS = 60_000;
const POLL_MS = 100;
/** What stand-ins answer to operations that they lack. */
const LACKING: ReadonlySet<string> = new Set(['UnknownOperationException', 'UnsupportedOperationException']);

/**
 * Makes a table as a vault needs it and waits until it can be used: for development and tests. A deployment's own
 * table is made by its stack. A table that is there already stays as it is.
 * @throws {StoreError} `unavailable`, `invalid`
 */
export async function createTable(options: CreateTableOptions): Promise<CreatedTable> {
  const client = createClient({ timeoutMs: CREATING_MS, ...options });
  try {
    return await within(options.timeoutMs ?? CREATING_MS, (signal) => create(client, options, signal));
  } catch (error) {
    if (error instanceof DeadlinePassed) throw new StoreError('unavailable', 'CreateTable: DeadlinePassed');
    throw asStoreError('CreateTable', error);
  } finally {
    client.destroy();
  }
}

async function create(
  client: DynamoDBClient,
  { table: TableName, pointInTimeRecovery = false, deletionProtection = false, endpoint }: CreateTableOptions,
  abortSignal: AbortSignal,
): Promise<CreatedTable> {
  const stack = { abortSignal };
  try {
    await client.send(
      new CreateTableCommand({
        TableName,
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
        ],
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: deletionProtection,
      }),
      stack,
    );
  } catch (error) {
    if (!(error instanceof Error && error.name === 'ResourceInUseException')) throw error;
    return { timeToLive: false, pointInTimeRecovery: false };
  }
  for (;;) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName }), stack);
    if (Table?.TableStatus === 'ACTIVE') break;
    await sleep(POLL_MS, undefined, { signal: abortSignal });
  }
  const optional = async (send: () => Promise<unknown>): Promise<boolean> => {
    try {
      await send();
      return true;
    } catch (error) {
      if (endpoint !== undefined && error instanceof Error && LACKING.has(error.name)) return false;
      throw error;
    }
  };
  const TimeToLiveSpecification = { AttributeName: '_ttl', Enabled: true };
  const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
  return {
    timeToLive: await optional(() =>
      client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }), stack),
    ),
    pointInTimeRecovery:
      pointInTimeRecovery &&
      (await optional(() =>
        client.send(
          new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }),
          stack,
        ),
      )),
  };
}
