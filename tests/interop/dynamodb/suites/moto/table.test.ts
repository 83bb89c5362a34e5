// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { createTable } from '@enclave-vault/stores/dynamodb';
import { expect, it } from 'vitest';
import { moto, placeOf } from '../../peers.ts';

it('a table is made with point-in-time recovery and time to live', async () => {
  const table = `vault-${randomUUID()}`;
  const place = placeOf(moto());
  expect(await createTable({ ...place, table, pointInTimeRecovery: true, deletionProtection: true })).toEqual(
    {
      timeToLive: true,
      pointInTimeRecovery: true,
    },
  );
});
