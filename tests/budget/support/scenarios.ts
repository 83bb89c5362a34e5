// SPDX-License-Identifier: Apache-2.0
import type { Answer } from './answer.ts';
import {
  again,
  all,
  create,
  created,
  expressions,
  fresh,
  inBatch,
  inStream,
  of,
  ofOther,
  ofTen,
  one,
  RECORD,
  read,
  type Scenario,
} from './requests.ts';
import type { World } from './world.ts';

const TEN = Array.from({ length: 10 }, () => ({ fields: RECORD }));

/** Ten records for whose pairs nobody waits: as many are kept as were used lately. */
const tenCreated =
  (work: (world: World) => Promise<Answer>): Scenario =>
  async (world) => {
    for (let i = 0; i < 20; i += 1) await created(world);
    return await world.count(() => work(world));
  };

const createKey = (world: World): Promise<Answer> =>
  world.request('POST', '/v1/keys', { body: { scopes: ['vaults:read'] } });

/** Every route, as it is asked for, in an order in which none leaves another something to find. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'create, no pair ready': (world) => world.count(() => create(world)),
  'create, a pair ready': async (world) => {
    await created(world);
    return await world.count(() => create(world));
  },
  'create, with Idempotency-Key': async (world) => {
    await created(world);
    return await world.count(() => create(world, { 'idempotency-key': 'first' }));
  },
  'create, repeated': async (world) => {
    await create(world, { 'idempotency-key': 'again' });
    return await world.count(() => create(world, { 'idempotency-key': 'again' }));
  },
  'create, a batch of 10': tenCreated((world) =>
    world.request('POST', '/v1/vaults:batch', { body: { items: TEN } }),
  ),
  'create, a stream of 10': tenCreated((world) => world.request('POST', '/v1/vaults:batch', { lines: TEN })),
  get: of(read),
  'get, read before': again(read),
  update: of((world, id) => world.request('PATCH', `/v1/vaults/${id}`, { body: { city: 'Bath' } })),
  'update, with Idempotency-Key': of((world, id) =>
    world.request('PATCH', `/v1/vaults/${id}`, {
      body: { city: 'Bath' },
      headers: { 'idempotency-key': 'x' },
    }),
  ),
  'decrypt, the first of a process': of(one),
  'decrypt 1 field': of(one),
  'decrypt 1 field, hot': again(one),
  'decrypt 12 fields': of(all),
  'decrypt 12 fields, read before': of(all, read),
  'decrypt 12 fields, hot': again(all),
  'decrypt 12 fields, hot, but fresh': of(fresh, all),
  'decrypt, an expression': of(expressions),
  'decrypt, an expression, hot': again(expressions),
  'decrypt 12 fields, a batch of 10': ofTen(inBatch),
  'decrypt 12 fields, a batch of 10, hot': ofTen(inBatch, inBatch),
  'decrypt 12 fields, a stream of 10': ofTen(inStream),
  'decrypt 12 fields, a stream of 10, hot': ofTen(inStream, inStream),
  'remove a field': of((world, id) => world.request('DELETE', `/v1/vaults/${id}?fields=city`)),
  delete: of((world, id) => world.request('DELETE', `/v1/vaults/${id}?delete_all=true`)),
  'audit page': again((world, id) => world.request('GET', `/v1/vaults/${id}/audit`)),
  attestation: async (world) => {
    const nonce = encodeURIComponent(Buffer.alloc(32, 7).toString('base64'));
    return await world.count(() => world.request('GET', `/v1/attestation?nonce=${nonce}`));
  },
  'create a key': (world) => world.count(() => createKey(world)),
  'list 2 keys': (world) => world.count(() => world.request('GET', '/v1/keys')),
  'revoke a key': async (world) => {
    const { json } = await createKey(world);
    return await world.count(() => world.request('DELETE', `/v1/keys/${String(json.id)}`));
  },
  authenticate: async (world) => {
    const id = await created(world);
    return await world.count(() => read(world, id), false);
  },
  // The last ones: from here on it is another process that answers.
  'decrypt 12 fields, written by another process': ofOther(all),
};
