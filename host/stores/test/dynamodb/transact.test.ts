// SPDX-License-Identifier: Apache-2.0
import { inspect } from 'node:util';
import { MAX_ITEM_BYTES, type Operation } from '@enclave-vault/vault';
import { describe, expect, it } from 'vitest';
import type { Reply } from '../support/loopback-aws.ts';
import { loopback } from './loopback.ts';

const dynamo = loopback();
const PUT: Operation = { put: { pk: 'a', sk: 'b', text: 'SECRET' }, if: { absent: true } };

const cancelled = (...codes: string[]): Reply => ({
  error: 'TransactionCanceledException',
  members: { Message: 'Transaction cancelled: SECRET', CancellationReasons: codes.map((Code) => ({ Code })) },
});
const ok: Reply = { ok: {} };

const tokens = () => dynamo.server.bodies('TransactWriteItems').map((body) => body.ClientRequestToken);

describe('a transaction', () => {
  it('is one TransactWriteItems, with conditions where they were asked for', async () => {
    const store = await dynamo.open(() => ok);
    await store.transact([
      PUT,
      { remove: { pk: 'a', sk: 'c' } },
      { check: { pk: 'a', sk: 'd' }, if: { equals: { n: 1 } } },
    ]);
    expect(dynamo.server.requests).toEqual([
      {
        operation: 'TransactWriteItems',
        body: {
          ClientRequestToken: expect.stringMatching(/^[0-9a-f-]{36}$/),
          TransactItems: [
            {
              Put: {
                TableName: 'vault',
                Item: { pk: { S: 'a' }, sk: { S: 'b' }, text: { S: 'SECRET' } },
                ConditionExpression: 'attribute_not_exists(#k)',
                ExpressionAttributeNames: { '#k': 'pk' },
              },
            },
            { Delete: { TableName: 'vault', Key: { pk: { S: 'a' }, sk: { S: 'c' } } } },
            {
              ConditionCheck: {
                TableName: 'vault',
                Key: { pk: { S: 'a' }, sk: { S: 'd' } },
                ConditionExpression: 'attribute_exists(#k) AND #n0 = :v0',
                ExpressionAttributeNames: { '#k': 'pk', '#n0': 'n' },
                ExpressionAttributeValues: { ':v0': { N: '1' } },
              },
            },
          ],
        },
      },
    ]);
  });

  it('names the operation whose condition failed, and is not tried again', async () => {
    const store = await dynamo.open(() => cancelled('None', 'ConditionalCheckFailed'));
    await expect(store.transact([PUT])).rejects.toMatchObject({ code: 'conflict', index: 1 });
    expect(dynamo.server.requests).toHaveLength(1);
  });

  it('whose answer was lost is repeated with its token, and meets no conflict with itself', async () => {
    // As DynamoDB does: what has a known token is done already.
    const done = new Set<unknown>();
    const store = await dynamo.open(({ body }) => {
      if (done.has(body.ClientRequestToken)) return ok;
      if (done.size > 0) return cancelled('ConditionalCheckFailed');
      done.add(body.ClientRequestToken);
      return 'lost';
    });
    await store.transact([PUT]);
    expect(tokens()).toHaveLength(2);
    expect(new Set(tokens()).size).toBe(1);
  });

  it('keeps its token through a conflict that follows a lost answer', async () => {
    const replies: Reply[] = ['lost', cancelled('TransactionConflict'), ok];
    const store = await dynamo.open((_, nth) => replies[nth] ?? ok);
    await store.transact([PUT]);
    expect(tokens()).toHaveLength(3);
    expect(new Set(tokens()).size).toBe(1);
  });

  it('that was cancelled for a passing reason is a new one the next time', async () => {
    const replies = [cancelled('TransactionConflict'), cancelled('None', 'ThrottlingError'), ok];
    const store = await dynamo.open((_, nth) => replies[nth] ?? ok);
    await store.transact([PUT]);
    expect(new Set(tokens()).size).toBe(3);
  });

  it('that always meets others is given up in time, as unavailable', async () => {
    const store = await dynamo.open(() => cancelled('TransactionConflict'), { timeoutMs: 3_000 });
    const started = performance.now();
    await expect(store.transact([PUT])).rejects.toMatchObject({ code: 'unavailable' });
    expect(performance.now() - started).toBeLessThan(30_000);
    expect(tokens().length).toBeGreaterThan(1);
  });

  it.each([
    ['AccessDeniedException', 'unavailable', 1],
    ['ResourceNotFoundException', 'not_a_vault', 1],
    ['ValidationException', 'invalid', 1],
  ])('refused with %s is %s, at once', async (error, code, requests) => {
    const store = await dynamo.open(() => ({ error, members: { Message: 'SECRET' } }));
    const refusal = store.transact([PUT]);
    await expect(refusal).rejects.toMatchObject({ code, message: `TransactWriteItems: ${error}` });
    expect(dynamo.server.requests).toHaveLength(requests);
  });

  it('fails without a word of what it wrote or of what DynamoDB said', async () => {
    for (const reply of [
      { error: 'AccessDeniedException', members: { Message: 'SECRET' } },
      cancelled('ValidationError'),
      cancelled('ConditionalCheckFailed'),
    ]) {
      const store = await dynamo.open(() => reply);
      const error: unknown = await store.transact([PUT]).catch((one: unknown) => one);
      expect(error).toBeInstanceOf(Error);
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('SECRET');
    }
  });

  it.each<[string, Operation[]]>([
    ['an item beyond 350 KiB', [{ put: { pk: 'a', sk: 'b', x: new Uint8Array(MAX_ITEM_BYTES) } }]],
    ['a hundred and one', Array.from({ length: 101 }, (_, n) => ({ put: { pk: 'a', sk: `${n}` } }))],
    [
      'more than 4 MB',
      Array.from({ length: 12 }, (_, n) => ({ put: { pk: 'a', sk: `${n}`, x: new Uint8Array(340_000) } })),
    ],
  ])('is refused before anything is sent: %s', async (_, operations) => {
    const store = await dynamo.open(() => ok);
    await expect(store.transact(operations)).rejects.toMatchObject({ code: 'invalid' });
    expect(dynamo.server.requests).toEqual([]);
  });
});
