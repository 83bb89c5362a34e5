// SPDX-License-Identifier: Apache-2.0
import type { Counts } from './tally.ts';
import type { Answer, World } from './world.ts';

/** Twelve fields, of lengths that stay the same: bytes are counted as well. */
const RECORD = {
  email: 'augusta.king@example.org',
  first_name: 'Augusta Ada',
  middle_name: 'Byron',
  last_name: 'King-Noel',
  phone_number: '+441632960123',
  ssn9: '123456789',
  dob: '1985-12-10',
  address1: "12 St James's Square",
  city: 'London',
  state: 'Westminster',
  postal_code: 'SW1Y 4JU',
  country: 'GB',
};
const FIELDS = Object.keys(RECORD);

async function created(world: World): Promise<string> {
  const { status, json } = await world.request('POST', '/v1/vaults', { body: RECORD });
  if (status !== 201) throw new Error(`a record could not be made: ${status}`);
  return String(json.id);
}

const create = (world: World, headers: Record<string, string> = {}): Promise<Answer> =>
  world.request('POST', '/v1/vaults', { body: RECORD, headers });

const decrypt = (world: World, id: string, ask: object): Promise<Answer> =>
  world.request('POST', `/v1/vaults/${id}/decrypt`, { body: { reason: 'budget', ...ask } });

type Scenario = (world: World) => Promise<Counts>;

/** A request about a record that was made for it. */
const of =
  (work: (world: World, id: string) => Promise<Answer>): Scenario =>
  async (world) => {
    const id = await created(world);
    return await world.count(() => work(world, id));
  };

/** The same request a second time: the enclave has the record's key still. */
const again =
  (work: (world: World, id: string) => Promise<Answer>): Scenario =>
  async (world) => {
    const id = await created(world);
    await work(world, id);
    return await world.count(() => work(world, id));
  };

const EXPRESSIONS = { fields: [], expressions: { adult: 'date(dob).age() >= 18' } };
const one = (world: World, id: string) => decrypt(world, id, { fields: ['dob'] });
const all = (world: World, id: string) => decrypt(world, id, { fields: FIELDS });
const expressions = (world: World, id: string) => decrypt(world, id, EXPRESSIONS);

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
  'create, a batch of 10': async (world) => {
    for (let i = 0; i < 20; i += 1) await created(world);
    const items = Array.from({ length: 10 }, () => ({ fields: RECORD }));
    return await world.count(() => world.request('POST', '/v1/vaults:batch', { body: { items } }));
  },
  get: of((world, id) => world.request('GET', `/v1/vaults/${id}`)),
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
  'decrypt 12 fields, hot': again(all),
  'decrypt, an expression': of(expressions),
  'decrypt, an expression, hot': again(expressions),
  'decrypt 12 fields, a batch of 10, hot': async (world) => {
    const ids: string[] = [];
    for (let i = 0; i < 10; i += 1) ids.push(await created(world));
    const ask = { body: { ids, fields: FIELDS, reason: 'budget' } };
    const batch = (): Promise<Answer> => world.request('POST', '/v1/vaults:decrypt', ask);
    await batch();
    return await world.count(batch);
  },
  'remove a field': of((world, id) => world.request('DELETE', `/v1/vaults/${id}?fields=city`)),
  delete: of((world, id) => world.request('DELETE', `/v1/vaults/${id}?delete_all=true`)),
  'audit page': again((world, id) => world.request('GET', `/v1/vaults/${id}/audit`)),
  attestation: async (world) => {
    const nonce = encodeURIComponent(Buffer.alloc(32, 7).toString('base64'));
    return await world.count(() => world.request('GET', `/v1/attestation?nonce=${nonce}`));
  },
  authenticate: async (world) => {
    const id = await created(world);
    return await world.count(() => world.request('GET', `/v1/vaults/${id}`), false);
  },
};
