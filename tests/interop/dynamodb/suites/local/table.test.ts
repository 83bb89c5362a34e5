// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { createTable, DynamoStore } from '@enclave-vault/stores/dynamodb';
import { afterAll, expect, it } from 'vitest';
import { dynamoDbLocal, newTable, placeOf } from '../../peers.ts';

const place = placeOf(dynamoDbLocal());
const client = new DynamoDBClient({ ...place, credentials: { ...place.credentials } });
afterAll(() => client.destroy());

async function openCode(table: string): Promise<string> {
  try {
    await (await DynamoStore.open({ ...place, table })).close();
    return 'opened';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

it('a table is made once, with deletion protection where asked for', async () => {
  const table = `vault-${randomUUID()}`;
  const made = await createTable({ ...place, table, deletionProtection: true, pointInTimeRecovery: true });
  // DynamoDB Local has no point-in-time recovery (Developer Guide, "DynamoDB local usage notes").
  expect(made).toEqual({ timeToLive: true, pointInTimeRecovery: false });
  const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
  expect(Table?.DeletionProtectionEnabled).toBe(true);
  expect(await createTable({ ...place, table })).toEqual({ timeToLive: false, pointInTimeRecovery: false });
});

it('a table opens again and again, by any number at once', async () => {
  const { table } = await newTable(dynamoDbLocal());
  expect(await Promise.all(Array.from({ length: 8 }, () => openCode(table)))).toEqual(
    Array.from({ length: 8 }, () => 'opened'),
  );
});

it('a table that is not there, of something else, with other keys or of another version is refused', async () => {
  expect(await openCode(`none-${randomUUID()}`)).toBe('not_a_vault');

  const { table: other } = await newTable(dynamoDbLocal());
  const Item = { pk: { S: 'VAULT##v_x' }, sk: { S: 'v0' } };
  await client.send(new PutItemCommand({ TableName: other, Item }));
  expect(await openCode(other)).toBe('not_a_vault');

  const keyed = `keyed-${randomUUID()}`;
  await client.send(
    new CreateTableCommand({
      TableName: keyed,
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  expect(await openCode(keyed)).toBe('not_a_vault');

  const { table: later } = await newTable(dynamoDbLocal());
  expect(await openCode(later)).toBe('opened');
  await client.send(
    new UpdateItemCommand({
      TableName: later,
      Key: { pk: { S: 'SYSTEM' }, sk: { S: 'store' } },
      UpdateExpression: 'SET version = :v',
      ExpressionAttributeValues: { ':v': { N: '2' } },
    }),
  );
  expect(await openCode(later)).toBe('wrong_version');
});

it('an item that another program wrote is corrupt, and hides no others', async () => {
  const { table } = await newTable(dynamoDbLocal());
  const store = await DynamoStore.open({ ...place, table });
  await store.transact([{ put: { pk: 'p', sk: '2', n: 2 } }]);
  const Item = { pk: { S: 'p' }, sk: { S: '1' }, x: { L: [{ BOOL: true }] }, n: { N: '0.5' } };
  await client.send(new PutItemCommand({ TableName: table, Item }));
  await expect(store.get('p', '1')).rejects.toMatchObject({ code: 'corrupt' });
  expect((await store.query('p', { limit: 9 })).map((item) => ({ ...item }))).toEqual([
    { pk: 'p', sk: '1' },
    { pk: 'p', sk: '2', n: 2 },
  ]);
  await store.close();
});

it('a partition of more than a page of DynamoDB’s is read whole', async () => {
  const { table } = await newTable(dynamoDbLocal());
  const store = await DynamoStore.open({ ...place, table });
  const x = new Uint8Array(300_000);
  for (let n = 0; n < 8; n += 1) await store.transact([{ put: { pk: 'large', sk: `${n}`, x } }]);
  const found = await store.query('large', { limit: 7, reverse: true });
  expect(found.map(({ sk }) => sk)).toEqual(['7', '6', '5', '4', '3', '2', '1']);
  // And a scan: every page may end early.
  const seen: string[] = [];
  let next: string | null = null;
  do {
    const options = { limit: 5, keysOnly: true, ...(next === null ? {} : { after: next }) };
    const page: Awaited<ReturnType<typeof store.scan>> = await store.scan('', options);
    seen.push(...page.items.map(({ pk, sk }) => `${pk}/${sk}`));
    next = page.next;
  } while (next !== null);
  expect(seen.sort()).toEqual(['SYSTEM/store', ...Array.from({ length: 8 }, (_, n) => `large/${n}`)]);
  await store.close();
});
