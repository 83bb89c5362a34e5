// SPDX-License-Identifier: Apache-2.0

import { DynamoStore } from '@enclave-vault/stores/dynamodb';
import { StoreConflict } from '@enclave-vault/vault';
import { expect, it } from 'vitest';
import { dynamoDbLocal, newTable } from '../../peers.ts';
import { roughLine } from '../../rough-line.ts';

it('a write whose answer was lost is done once, and is no conflict with itself', async () => {
  const place = await newTable(dynamoDbLocal());
  const line = await roughLine(dynamoDbLocal().endpoint, (nth) => (nth % 3 === 1 ? 'lost' : 'passes'));
  const calls = { TransactWriteItems: 0 };
  const store = await DynamoStore.open({
    ...place,
    endpoint: line.endpoint,
    onCall: (operation) => {
      if (operation === 'TransactWriteItems') calls.TransactWriteItems += 1;
    },
  });
  try {
    const keys = Array.from({ length: 60 }, (_, n) => String(n).padStart(3, '0'));
    await Promise.all(
      keys.map((sk) => store.transact([{ put: { pk: 'once', sk, n: 1 }, if: { absent: true } }])),
    );
    expect((await store.query('once', { limit: 100 })).map(({ sk }) => sk)).toEqual(keys);
    expect(line.count.lost).toBeGreaterThan(10);
    // The marker's write, these, and a repeat for each answer that was lost (or came too late).
    expect(calls.TransactWriteItems).toBeGreaterThanOrEqual(1 + keys.length + line.count.lost);
    // A real conflict still is one.
    const again = store.transact([{ put: { pk: 'once', sk: '000' }, if: { absent: true } }]);
    await expect(again).rejects.toBeInstanceOf(StoreConflict);
  } finally {
    await store.close();
    await line.stop();
  }
});

it('increments through a line that loses answers lose none and count none twice', async () => {
  const place = await newTable(dynamoDbLocal());
  const line = await roughLine(dynamoDbLocal().endpoint, (nth) => (nth % 4 === 1 ? 'lost' : 'passes'));
  const store = await DynamoStore.open({ ...place, endpoint: line.endpoint });
  try {
    await store.transact([{ put: { pk: 'a', sk: 'counter', n: 0 } }]);
    const increment = async (): Promise<void> => {
      for (;;) {
        const n = Number((await store.get('a', 'counter'))?.n);
        try {
          await store.transact([{ put: { pk: 'a', sk: 'counter', n: n + 1 }, if: { equals: { n } } }]);
          return;
        } catch (error) {
          if (!(error instanceof StoreConflict)) throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: 25 }, increment));
    expect((await store.get('a', 'counter'))?.n).toBe(25);
    expect(line.count.lost).toBeGreaterThan(5);
  } finally {
    await store.close();
    await line.stop();
  }
});
