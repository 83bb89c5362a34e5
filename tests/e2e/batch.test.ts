// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Line, StreamClient } from '../../host/api/test/batch/client.ts';
import { LocalVault } from '../support/local-vault.ts';
import { bootstrapTenant } from '../support/second-tenant.ts';

/** Many records through every process of a running vault. */
let vault: LocalVault;
beforeAll(async () => {
  vault = await LocalVault.start();
});
afterAll(() => vault?.stop());

const CREATE = '/v1/vaults:batch';
const DECRYPT = '/v1/vaults:decrypt';
const ASK = { fields: ['first_name'], reason: 'e2e', expressions: { adult: { registered: 'over_18' } } };
const open = (path: string, key = vault.adminKey, headers = {}) =>
  new StreamClient(Number(new URL(vault.url).port), path, key, headers);
const person = (n: number) => ({ fields: { first_name: `Ada ${n}`, dob: '1985-12-10' } });
const idsOf = (lines: readonly Line[]) =>
  lines
    .filter(({ index }) => index !== undefined)
    .sort((a, b) => Number(a.index) - Number(b.index))
    .map(({ id }) => String(id));
const PEOPLE = 60;
let ids: string[] = [];

it('records go in by a stream and come out by another, good ones beside bad ones, each with its entry', async () => {
  const client = open(CREATE, vault.adminKey, { 'idempotency-key': 'e2e' });
  for (let n = 0; n < PEOPLE; n += 1) client.send(person(n));
  client.send({ fields: { dob: 'never' } }, 'no JSON');
  await client.finish();
  expect(client.last).toEqual({ done: { results: PEOPLE + 2, errors: 2 } });
  ids = idsOf(client.lines).slice(0, PEOPLE);
  const read = open(DECRYPT).send(ASK, ...ids.map((id) => ({ id })));
  await read.finish();
  expect(read.last).toEqual({ done: { results: PEOPLE, errors: 0 } });
  for (const line of read.lines.slice(0, -1)) {
    const { index, id, data } = line as unknown as { index: number; id: string; data: object };
    expect([id, data]).toEqual([ids[index], { first_name: `Ada ${index}`, adult: true }]);
  }
  const { json } = await vault.call('GET', `/v1/vaults/${ids[7]}/audit`);
  const entries = json.entries as unknown as { event: string; request_id: string }[];
  expect(entries.map(({ event }) => event)).toEqual(['DecryptVault', 'CreateVault']);
  expect(entries.map(({ request_id }) => request_id.split('.')[1])).toEqual(['7', '7']);
});

it('the same job again has the same ids, as a stream and as a document', async () => {
  const again = open(CREATE, vault.adminKey, { 'idempotency-key': 'e2e' });
  for (let n = 0; n < PEOPLE; n += 1) again.send(person(n));
  expect(idsOf(await again.finish())).toEqual(ids);
  const items = [0, 1, 2].map(person);
  const { json } = await vault.call('POST', CREATE, { items }, { headers: { 'idempotency-key': 'e2e' } });
  expect((json.results as unknown as { id: string }[]).map(({ id }) => id)).toEqual(ids.slice(0, 3));
});

it('another tenant finds none of them, and they do not say that they are', async () => {
  const key = await bootstrapTenant(vault, 'stranger');
  const absent = 'v_01HV1XW70Q03PHK892JFQAY0Z5';
  const { json } = await vault.call(
    'POST',
    DECRYPT,
    { ids: [ids[0], absent], fields: ['first_name'], reason: 'x' },
    { key },
  );
  const results = json.results as unknown as { error: { code: string; message: string } }[];
  expect(results[0]?.error).toEqual(results[1]?.error);
  expect(results[0]?.error.code).toBe('not_found');
});

it('figures tell of items and not of what is in them', async () => {
  const { text } = await vault.call('GET', '/metrics', undefined, { key: null });
  expect(text).toMatch(/enclave_vault_batch_items_total\{operation="decrypt",result="ok"\} \d+/);
  expect(text).toMatch(/enclave_vault_batch_items_total\{operation="create",result="invalid"\} 1/);
  expect(text).toContain('route="/v1/vaults:batch"');
  const ended = vault.logged('stream_ended');
  expect(ended[0]).toMatchObject({ end: 'done', results: PEOPLE + 2, errors: 2 });
  expect(vault.output).not.toContain('Ada 1');
});

describe('at the end', () => {
  it('a vault that is stopped answers what it has begun, and the rest is made by the same job later, nothing twice', async () => {
    // A first attempt may have left none.
    if (vault.process.exitCode !== null) vault = await LocalVault.start({ data: vault.data });
    const key = vault.adminKey;
    const job = { 'idempotency-key': `stopped-${randomUUID()}` };
    const client = open(CREATE, key, job);
    let sent = 0;
    const timer = setInterval(() => {
      for (let n = 0; n < 10; n += 1) client.send(person(sent++));
    }, 5);
    await client.until(50);
    const stopped = vault.stop({ keep: true });
    await client.closed;
    clearInterval(timer);
    expect(await stopped).toBe(0);
    expect(client.last?.stopped).toMatchObject({ code: 'stopping', errors: 0 });
    const indexes = client.lines.flatMap(({ index }) => (index === undefined ? [] : [index]));
    expect(indexes.sort((a, b) => a - b)).toEqual([...indexes.keys()]);
    expect(indexes.length).toBeLessThan(sent);

    const { data } = vault;
    vault = await LocalVault.start({ data });
    const rest = open(CREATE, key, job);
    const total = indexes.length + 20;
    for (let n = 0; n < total; n += 1) rest.send(person(n));
    const all = idsOf(await rest.finish());
    expect(all.slice(0, indexes.length)).toEqual(idsOf(client.lines));
    expect(new Set(all).size).toBe(total);
    expect(rest.last).toEqual({ done: { results: total, errors: 0 } });
  });
});
