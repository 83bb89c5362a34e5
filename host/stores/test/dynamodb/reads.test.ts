// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Reply } from '../support/loopback-aws.ts';
import { loopback } from './loopback.ts';

const dynamo = loopback();
const key = (pk: string, sk: string) => ({ pk: { S: pk }, sk: { S: sk } });

describe('a read', () => {
  it('of one item is consistent', async () => {
    const store = await dynamo.open(() => ({ ok: { Item: { ...key('a', 'b'), n: { N: '1' } } } }));
    expect({ ...(await store.get('a', 'b')) }).toEqual({ pk: 'a', sk: 'b', n: 1 });
    expect(dynamo.server.bodies('GetItem')).toEqual([
      { TableName: 'vault', Key: key('a', 'b'), ConsistentRead: true },
    ]);
  });

  it('of some attributes asks for these and the key', async () => {
    const store = await dynamo.open(() => ({ ok: {} }));
    expect(await store.get('a', 'b', { attributes: ['_tn'] })).toBeUndefined();
    expect(dynamo.server.bodies('GetItem')[0]).toMatchObject({
      ProjectionExpression: '#a0, #a1, #a2',
      ExpressionAttributeNames: { '#a0': 'pk', '#a1': 'sk', '#a2': '_tn' },
    });
  });

  it('of a partition goes on over pages until it has enough', async () => {
    const pages: Reply[] = [
      { ok: { Items: [key('p', '1'), key('p', '2')], LastEvaluatedKey: key('p', '2') } },
      { ok: { Items: [], LastEvaluatedKey: key('p', '3') } },
      { ok: { Items: [key('p', '4')], LastEvaluatedKey: key('p', '4') } },
    ];
    const store = await dynamo.open((_, nth) => pages[nth] ?? { ok: { Items: [] } });
    expect((await store.query('p', { limit: 3 })).map(({ sk }) => sk)).toEqual(['1', '2', '4']);
    const bodies = dynamo.server.bodies('Query');
    expect(bodies.map(({ Limit, ConsistentRead }) => [Limit, ConsistentRead])).toEqual([
      [3, true],
      [1, true],
      [1, true],
    ]);
    expect(bodies[1]?.ExclusiveStartKey).toEqual(key('p', '2'));
  });

  it('between two bounds leaves the bounds out', async () => {
    const store = await dynamo.open(() => ({ ok: { Items: ['1', '2', '3'].map((sk) => key('p', sk)) } }));
    const found = await store.query('p', { after: '1', before: '3', limit: 1 });
    expect(found.map(({ sk }) => sk)).toEqual(['2']);
    expect(dynamo.server.bodies('Query')[0]?.Limit).toBe(3);
  });

  it('between bounds that hold nothing asks nobody', async () => {
    const store = await dynamo.open(() => ({ ok: {} }));
    expect(await store.query('p', { after: 'b', before: 'a', limit: 1 })).toEqual([]);
    expect(await store.query('p', { limit: 0 })).toEqual([]);
    expect(dynamo.server.requests).toEqual([]);
  });

  it('of all keys of a prefix cuts what is too much, and goes on after it', async () => {
    const store = await dynamo.open(() => ({
      ok: { Items: ['1', '2', '3'].map((sk) => key('p', sk)), LastEvaluatedKey: key('z', 'z') },
    }));
    const first = await store.scan('p', { limit: 2, keysOnly: true });
    expect(first.items.map(({ sk }) => sk)).toEqual(['1', '2']);
    await store.scan('p', { limit: 3, after: first.next ?? '' });
    const [one, two] = dynamo.server.bodies('Scan');
    expect(one).toMatchObject({ Limit: 100, ProjectionExpression: '#a0, #a1', ConsistentRead: true });
    expect(two).toMatchObject({ ExclusiveStartKey: key('p', '2') });
    expect(two).not.toHaveProperty('ProjectionExpression');
  });

  it('of everything has no filter', async () => {
    const store = await dynamo.open(() => ({ ok: { Items: [] } }));
    expect(await store.scan('', { limit: 7 })).toEqual({ items: [], next: null });
    expect(dynamo.server.bodies('Scan')).toEqual([{ TableName: 'vault', Limit: 7, ConsistentRead: true }]);
  });

  it('from a cursor of somebody’s own is refused', async () => {
    const store = await dynamo.open(() => ({ ok: {} }));
    await expect(store.scan('', { limit: 1, after: '{}' })).rejects.toMatchObject({ code: 'invalid' });
  });

  it('of an item that this program did not write is corrupt, and hides no others', async () => {
    const bad = { ...key('p', '1'), x: { BOOL: true } };
    const store = await dynamo.open(({ operation }) =>
      operation === 'GetItem'
        ? { ok: { Item: bad } }
        : { ok: { Items: [bad, { ...key('p', '2'), n: { N: '2' } }] } },
    );
    await expect(store.get('p', '1')).rejects.toMatchObject({ code: 'corrupt' });
    const items = [
      { pk: 'p', sk: '1' },
      { pk: 'p', sk: '2', n: 2 },
    ];
    expect((await store.query('p', { limit: 9 })).map((item) => ({ ...item }))).toEqual(items);
    expect((await store.scan('p', { limit: 9 })).items.map((item) => ({ ...item }))).toEqual(items);
  });
});

describe('patience', () => {
  const throttled: Reply = { error: 'ProvisionedThroughputExceededException' };

  it('outlives throttling, and counts each request', async () => {
    const calls: string[] = [];
    const store = await dynamo.open((_, nth) => (nth < 2 ? throttled : { ok: {} }), {
      onCall: (operation) => calls.push(operation),
    });
    calls.length = 0;
    expect(await store.get('a', 'b')).toBeUndefined();
    expect(calls).toEqual(['GetItem', 'GetItem', 'GetItem']);
  });

  it('goes on at a pace after one throttled request', async () => {
    const store = await dynamo.open((_, nth) => (nth < 1 ? throttled : { ok: {} }));
    const started = performance.now();
    for (let n = 0; n < 10; n += 1) await store.get('a', 'b');
    // With the SDK's own settings each of them would wait for two seconds.
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  it.each<[string, Reply]>([
    ['throttling', throttled],
    ['an inner error', { error: 'InternalServerError', status: 500 }],
    ['lost answers', 'lost'],
    ['silence', 'silent'],
  ])('ends with the time of a call: %s', async (_, reply) => {
    // Opening the store must be done within the same time, on a machine that is busy too.
    const store = await dynamo.open(() => reply, { timeoutMs: 5_000 });
    const started = performance.now();
    await expect(store.get('a', 'b')).rejects.toMatchObject({ code: 'unavailable' });
    // Ten attempts of half of it would be 25 s.
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  it('is not for nobody at all', async () => {
    const store = await dynamo.open(() => ({ ok: {} }), { timeoutMs: 5_000 });
    await dynamo.server.stop();
    await expect(store.get('a', 'b')).rejects.toMatchObject({ code: 'unavailable' });
    await dynamo.server.start();
  });

  it('lets a call end before the store closes', async () => {
    const gate = Promise.withResolvers<Reply>();
    const store = await dynamo.open(() => gate.promise);
    const reading = store.get('a', 'b');
    const closing = store.close();
    await expect(store.get('a', 'c')).rejects.toMatchObject({ code: 'closed' });
    gate.resolve({ ok: {} });
    expect(await reading).toBeUndefined();
    await closing;
  });
});
