// SPDX-License-Identifier: Apache-2.0
import {
  type AttributeValue,
  DescribeTableCommand,
  DynamoDBClient,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { AdminError } from '../errors.ts';
import { fromWire } from './attributes.ts';
import type { Page, Part, Position, Source } from './source.ts';

export interface TableOptions {
  readonly table: string;
  readonly region: string;
  readonly endpoint: string | undefined;
  /** Of the AWS configuration files; undefined: the default credentials. */
  readonly profile: string | undefined;
  /** Segments that are scanned at once. */
  readonly segments: number;
}

const ATTEMPTS = 10;
const TIMEOUT_MS = 10_000;

/**
 * A live table as a source: a parallel scan with consistent reads, each segment a part, its position the last key read. Log entries are
 * left out by DynamoDB, which counts them. Credentials come from where the AWS SDK looks for them.
 * @throws {AdminError} `table_unreadable`
 */
export async function tableSource(options: TableOptions): Promise<Source> {
  const { table, region, endpoint, profile, segments } = options;
  const client = new DynamoDBClient({
    region,
    ...(endpoint !== undefined && { endpoint }),
    ...(profile !== undefined && { profile }),
    maxAttempts: ATTEMPTS,
    retryMode: 'adaptive',
    requestHandler: new NodeHttpHandler({ requestTimeout: TIMEOUT_MS, connectionTimeout: TIMEOUT_MS }),
  });
  const parts = Array.from({ length: segments }, (_, segment): Part => {
    return { id: `segment ${segment} of ${segments}`, pages: (from) => scan(client, options, segment, from) };
  });
  try {
    const items = await describe(client, table);
    const place = `${endpoint ?? 'aws'} ${region} ${table}`;
    const fingerprint = `table ${place} ${segments}`;
    return {
      label: `table ${table}`,
      fingerprint,
      parts,
      items,
      parallel: segments,
      close: () => client.destroy(),
    };
  } catch (error) {
    client.destroy();
    throw error;
  }
}

/** @returns how many items there are, as DynamoDB counted within the last six hours; undefined when it must not be asked */
async function describe(client: DynamoDBClient, table: string): Promise<number | undefined> {
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
    const keys = Table?.KeySchema?.map(({ AttributeName, KeyType }) => `${KeyType} ${AttributeName}`).sort();
    if (keys?.join() !== 'HASH pk,RANGE sk')
      throw new AdminError('table_unreadable', `${table} has other keys than the sample's tables`);
    return Table?.ItemCount === 0 ? undefined : Table?.ItemCount;
  } catch (error) {
    // The right to scan is enough.
    if (error instanceof Error && error.name === 'AccessDeniedException') return undefined;
    throw unreadable(error, table);
  }
}

async function* scan(
  client: DynamoDBClient,
  { table, segments }: TableOptions,
  segment: number,
  from: Position | undefined,
): AsyncGenerator<Page> {
  let start = typeof from === 'object' ? { pk: { S: from.pk }, sk: { S: from.sk } } : undefined;
  do {
    const answer = await send(
      client,
      new ScanCommand({
        TableName: table,
        ConsistentRead: true,
        Segment: segment,
        TotalSegments: segments,
        FilterExpression: 'NOT begins_with(pk, :log)',
        ExpressionAttributeValues: { ':log': { S: 'LOG##' } },
        ...(start !== undefined && { ExclusiveStartKey: start }),
      }),
      table,
    );
    const { Items = [], ScannedCount = Items.length, LastEvaluatedKey: last } = answer;
    const found = Items.map((item) => ({ item: fromWire(item), at: keyOf(item) }));
    const next = last === undefined ? null : positionOf(last);
    yield { found, logs: ScannedCount - Items.length, next };
    start = next === null ? undefined : { pk: { S: next.pk }, sk: { S: next.sk } };
  } while (start !== undefined);
}

async function send(client: DynamoDBClient, command: ScanCommand, table: string) {
  try {
    return await client.send(command);
  } catch (error) {
    throw unreadable(error, table);
  }
}

const keyOf = (item: Record<string, AttributeValue>): string => `${item.pk?.S ?? ''} ${item.sk?.S ?? ''}`;

function positionOf({ pk, sk }: Record<string, AttributeValue>): { pk: string; sk: string } {
  if (pk?.S === undefined || sk?.S === undefined)
    throw new AdminError('table_unreadable', 'the table has other keys than the sample’s');
  return { pk: pk.S, sk: sk.S };
}

/** The SDK's error by its name alone: its message may quote a request. */
function unreadable(error: unknown, table: string): AdminError {
  if (error instanceof AdminError) return error;
  const name = error instanceof Error ? error.name : 'unknown error';
  return new AdminError('table_unreadable', `${table} cannot be read: ${name}`);
}
