// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { createTable, DynamoStore } from '../../src/dynamodb/index.ts';
import type { Reply } from '../support/loopback-aws.ts';
import { loopback, MARKER } from './loopback.ts';

const dynamo = loopback();

async function openWith(replies: Record<string, Reply | Reply[]>): Promise<string> {
  dynamo.server.answer = ({ operation }, nth) => {
    const reply = replies[operation] ?? { error: 'UnknownOperationException' };
    return Array.isArray(reply) ? (reply[nth] ?? { ok: {} }) : reply;
  };
  try {
    const store = await DynamoStore.open({ ...dynamo.server.place, table: 'vault' });
    await store.close();
    return 'opened';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const marker = (members: object): Reply => ({
  ok: { Item: { pk: { S: 'SYSTEM' }, sk: { S: 'store' }, ...members } },
});
const none: Reply = { ok: {} };
const something: Reply = { ok: { Items: [{ pk: { S: 'x' }, sk: { S: 'y' } }] } };
const taken: Reply = {
  error: 'TransactionCanceledException',
  members: { CancellationReasons: [{ Code: 'ConditionalCheckFailed' }] },
};

it('an empty table is marked', async () => {
  expect(await openWith({ GetItem: none, Scan: none, TransactWriteItems: none })).toBe('opened');
  expect(dynamo.server.bodies('TransactWriteItems')[0]).toMatchObject({
    TransactItems: [
      {
        Put: {
          Item: { sk: { S: 'store' }, format: { S: 'enclave-vault' }, version: { N: '1' } },
          ConditionExpression: 'attribute_not_exists(#k)',
        },
      },
    ],
  });
});

it.each<[string, Record<string, Reply | Reply[]>, string]>([
  ['a marked one opens', { GetItem: MARKER }, 'opened'],
  ['no table', { GetItem: { error: 'ResourceNotFoundException' } }, 'not_a_vault'],
  ['a table with other keys', { GetItem: { error: 'ValidationException' } }, 'not_a_vault'],
  ['a table of something else', { GetItem: none, Scan: something }, 'not_a_vault'],
  ['a marker of something else', { GetItem: marker({ format: { S: 'x' } }) }, 'not_a_vault'],
  [
    'another version',
    { GetItem: marker({ format: { S: 'enclave-vault' }, version: { N: '2' } }) },
    'wrong_version',
  ],
  ['a marker that cannot be read', { GetItem: marker({ format: { BOOL: true } }) }, 'corrupt'],
  ['no right to read', { GetItem: { error: 'AccessDeniedException' } }, 'unavailable'],
  [
    'another process marked it first',
    { GetItem: [none, MARKER], Scan: none, TransactWriteItems: taken },
    'opened',
  ],
  ['another process began between the looks', { GetItem: [none, MARKER], Scan: something }, 'opened'],
])('%s', async (_, replies, outcome) => {
  expect(await openWith(replies)).toBe(outcome);
});

it('a table is made with its keys and time to live, and what an endpoint lacks is said', async () => {
  dynamo.server.answer = ({ operation }, nth) => {
    if (operation === 'DescribeTable')
      return { ok: { Table: { TableStatus: nth < 1 ? 'CREATING' : 'ACTIVE' } } };
    return operation === 'UpdateContinuousBackups' ? { error: 'UnknownOperationException' } : { ok: {} };
  };
  const made = await createTable({ ...dynamo.server.place, table: 'vault', pointInTimeRecovery: true });
  expect(made).toEqual({ timeToLive: true, pointInTimeRecovery: false });
  expect(dynamo.server.bodies('CreateTable')[0]).toMatchObject({
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
  });
  expect(dynamo.server.bodies('UpdateTimeToLive')[0]).toMatchObject({
    TimeToLiveSpecification: { AttributeName: '_ttl', Enabled: true },
  });
});

it('a table that is there stays as it is, and one that may not be made is an error', async () => {
  dynamo.server.answer = () => ({ error: 'ResourceInUseException' });
  expect(await createTable({ ...dynamo.server.place, table: 'vault' })).toEqual({
    timeToLive: false,
    pointInTimeRecovery: false,
  });
  dynamo.server.answer = () => ({ error: 'AccessDeniedException' });
  await expect(createTable({ ...dynamo.server.place, table: 'vault' })).rejects.toMatchObject({
    code: 'unavailable',
    message: 'CreateTable: AccessDeniedException',
  });
});
