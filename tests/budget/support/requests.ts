// SPDX-License-Identifier: Apache-2.0
import type { Answer } from './answer.ts';
import type { Counts } from './tally.ts';
import type { World } from './world.ts';

export type Scenario = (world: World) => Promise<Counts>;
type About = (world: World, id: string) => Promise<Answer>;
type AboutMany = (world: World, ids: readonly string[]) => Promise<Answer>;

/** Twelve fields, of lengths that stay the same: bytes are counted as well. */
export const RECORD = {
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
const REASON = { reason: 'budget' };

export async function created(world: World): Promise<string> {
  const { status, json } = await create(world);
  if (status !== 201) throw new Error(`a record could not be made: ${status}`);
  return String(json.id);
}

export const create = (world: World, headers: Record<string, string> = {}): Promise<Answer> =>
  world.request('POST', '/v1/vaults', { body: RECORD, headers });

export const read: About = (world, id) => world.request('GET', `/v1/vaults/${id}`);

export const decrypt =
  (ask: object): About =>
  (world, id) =>
    world.request('POST', `/v1/vaults/${id}/decrypt`, { body: { ...REASON, ...ask } });

export const one = decrypt({ fields: ['dob'] });
export const all = decrypt({ fields: FIELDS });
export const fresh = decrypt({ fields: FIELDS, fresh: true });
export const expressions = decrypt({ fields: [], expressions: { adult: 'date(dob).age() >= 18' } });

export const inBatch: AboutMany = (world, ids) =>
  world.request('POST', '/v1/vaults:decrypt', { body: { ...REASON, ids, fields: FIELDS } });

export const inStream: AboutMany = (world, ids) =>
  world.request('POST', '/v1/vaults:decrypt', {
    lines: [{ ...REASON, fields: FIELDS }, ...ids.map((id) => ({ id }))],
  });

/** A request about a record that was made for it, and that `before` asked about. */
export const of =
  (work: About, before?: About): Scenario =>
  async (world) => {
    const id = await created(world);
    await before?.(world, id);
    return await world.count(() => work(world, id));
  };

/** The same request a second time: the enclave has the record's key still. */
export const again = (work: About): Scenario => of(work, work);

/** A request about ten records that were made for it. */
export const ofTen =
  (work: AboutMany, before?: AboutMany): Scenario =>
  async (world) => {
    const ids: string[] = [];
    for (let i = 0; i < 10; i += 1) ids.push(await created(world));
    await before?.(world, ids);
    return await world.count(() => work(world, ids));
  };

/** A process asks that has seen nothing of the record yet; its key for requests is known to the enclave, by another record. */
export const ofOther =
  (work: About): Scenario =>
  async (world) => {
    const [id, other] = [await created(world), await created(world)];
    await world.otherProcess();
    await work(world, other);
    return await world.count(() => work(world, id));
  };
