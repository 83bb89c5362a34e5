// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { record } from '../system/operations.ts';
import type { Meter, Metered } from './meter.ts';
import type { Call } from './vault.ts';

export interface RouteUnits extends Metered {
  readonly route: string;
}

const REASON = 'counting capacity units';
const ABSENT = '/v1/vaults/v_00000000000000000000000000';
/** An authentication is remembered for a second. */
const REMEMBERED_MS = 1_100;

/** Each route once, with what it consumes itself: the authentication of its caller, once a second for each key, is a row of its own. */
export async function routes(call: Call, meter: Meter): Promise<readonly RouteUnits[]> {
  const rows: RouteUnits[] = [];
  const route = async (name: string, work: () => Promise<Record<string, unknown>>) => {
    const { result, metered } = await meter.during(work);
    rows.push({ route: name, ...metered });
    return result;
  };
  const twelve = record(1);
  const three = { first_name: twelve.first_name, dob: twelve.dob, ssn9: twelve.ssn9 };
  const fields = Object.keys(twelve);
  await sleep(REMEMBERED_MS);
  const { metered } = await meter.during(() => call('GET', ABSENT, 404), { authentication: true });
  rows.push({ route: 'authentication and a look at nothing', ...metered });
  await route('create, 3 fields', () => call('POST', '/v1/vaults', 201, three));
  const { id } = await route('create, 12 fields', () => call('POST', '/v1/vaults', 201, twelve));
  const once = { 'idempotency-key': randomUUID() };
  await route('create, 12 fields, Idempotency-Key', () => call('POST', '/v1/vaults', 201, twelve, once));
  await route('its repeat', () => call('POST', '/v1/vaults', 201, twelve, once));
  const path = `/v1/vaults/${id}`;
  await route('get', () => call('GET', path, 200));
  const ask = (body: object) => () => call('POST', `${path}/decrypt`, 200, { reason: REASON, ...body });
  await route('decrypt, 1 field', ask({ fields: ['dob'] }));
  await route('decrypt, 12 fields', ask({ fields }));
  const expressions = { adult: 'date(dob).age() >= 18' };
  await route('decrypt, an expression', ask({ fields: [], expressions }));
  await route('update, 1 field', () => call('PATCH', path, 200, { city: 'Ulm' }));
  await route('audit log of a record', () => call('GET', `${path}/audit`, 200));
  await route('delete a field', () => call('DELETE', path, 200, { fields: ['city'] }));
  await route('delete a record', () => call('DELETE', path, 200, { delete_all: true }));
  return rows;
}
