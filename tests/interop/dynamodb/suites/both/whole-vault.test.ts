// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudWatchLogsClient, CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { createApp, ParentClient } from '@enclave-vault/api';
import { createVaultKms } from '@enclave-vault/host-kms';
import { createTable, DynamoStore } from '@enclave-vault/stores/dynamodb';
import { LogGroupSink, readLogGroup } from '@enclave-vault/stores/log-group';
import { defaultSchema, systemClock, Vault } from '@enclave-vault/vault';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bootstrapAdminKey } from '../../../../../host/api/src/process/bootstrap.ts';
import { CallTable } from '../../call-table.ts';
import { type LocalParts, startLocalParts } from '../../local-parts.ts';
import { dynamoDbLocal, moto, placeOf } from '../../peers.ts';

/** Everything real but AWS: HTTP application, vault, KMS emulator, parent and enclave; items in DynamoDB Local, heads in moto. */
const table = `vault-${randomUUID()}`;
const logGroup = `heads-${randomUUID()}`;
// What a deadline does is tested in host/stores.
const timeoutMs = 30_000;
const place = { ...placeOf(dynamoDbLocal()), table, timeoutMs };
const heads = { ...placeOf(moto()), logGroup, timeoutMs };
const folder = mkdtempSync(join(tmpdir(), 'dynamo-'));
const adminKeyFile = join(folder, 'admin.key');
const calls = new CallTable();
let parts: LocalParts;
let open: Awaited<ReturnType<typeof openVault>>;

async function openVault() {
  const store = await DynamoStore.open({ ...place, onCall: calls.onDynamo });
  const sink = await LogGroupSink.open(heads);
  const client = createVaultKms({ ...parts.session.kms, credentials: parts.session.credentials });
  const parent = new ParentClient({ unix: parts.parent });
  const schema = defaultSchema();
  const vault = await Vault.open({
    store,
    schema,
    sink: calls.sink(sink),
    kms: calls.kms(client),
    enclave: parent,
    clock: systemClock(),
  });
  await bootstrapAdminKey(vault, store, adminKeyFile);
  const app = await createApp({
    vault: () => vault,
    schema,
    health: async () => {
      await store.get('SYSTEM', 'health');
      return {};
    },
    log: () => {},
    ui: false,
  });
  const close = async (): Promise<void> => {
    await app.close();
    await vault.close();
    await sink.close();
    client.close();
    parent.close();
  };
  return { store, vault, app, close };
}

async function call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, body?: object, more = {}) {
  const { token = readFileSync(adminKeyFile, 'utf8').trim(), ...headers }: Record<string, string> = more;
  const response = await open.app.inject({
    method,
    url,
    headers: {
      host: 'localhost',
      authorization: `Bearer ${token}`,
      ...(body && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body && { payload: JSON.stringify(body) }),
  });
  return { status: response.statusCode, json: response.body === '' ? null : response.json() };
}

/** One row: what a route costs when its caller was authenticated within the last second. */
async function measured(what: string, status: number, ...request: Parameters<typeof call>) {
  const [, , , more] = request;
  // Authenticated, and answered without a look at the store.
  for (let took = Number.POSITIVE_INFINITY; took > 500; ) {
    // What was known of him is let end, so that it does not end between the two calls.
    await sleep(1_010);
    const began = performance.now();
    await call('GET', '/v1/vaults/none', undefined, more && { token: (more as { token?: string }).token });
    took = performance.now() - began;
  }
  const { result, dynamo } = await calls.row(what, () => call(...request));
  expect([what, result.status]).toEqual([what, status]);
  return { json: result.json, dynamo };
}

beforeAll(async () => {
  parts = await startLocalParts();
  await createTable({ ...place, timeoutMs: 60_000 });
  const client = new CloudWatchLogsClient({ ...placeOf(moto()), credentials: { ...heads.credentials } });
  await client.send(new CreateLogGroupCommand({ logGroupName: logGroup }));
  client.destroy();
});

afterAll(async () => {
  if (process.env.CALLS !== undefined) writeFileSync(process.env.CALLS, calls.markdown);
  await open?.close();
  await parts?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('starts on an empty table, and again on a used one without a scan', async () => {
  ({ result: open } = await calls.row('first start, on an empty table', openVault));
  await open.close();
  const again = await calls.row('start', openVault);
  open = again.result;
  // Marker, three keys, the schema; is there an administrator's key?
  expect(again.dynamo).toBe('5 GetItem, Query');
});

it('does all that a vault does, in as few calls as it can', async () => {
  const { dynamo: auth } = await calls.row('authentication, once a second for each key', async () => {
    await sleep(1_100);
    await call('GET', '/v1/vaults/none');
  });
  expect(auth).toBe('GetItem, Query');

  const fields = { first_name: 'Ada', ssn9: '123456789', dob: '1980-02-29' };
  const created = await measured('`POST /v1/vaults`', 201, 'POST', '/v1/vaults', fields);
  expect(created.dynamo).toBe('Query, TransactWriteItems');
  const url = `/v1/vaults/${created.json.id}`;

  const key = { 'idempotency-key': randomUUID() };
  const once = await measured('`POST /v1/vaults`, Idempotency-Key', 201, 'POST', '/v1/vaults', fields, key);
  expect(once.dynamo).toBe('GetItem, Query, TransactWriteItems');
  const twice = await measured('the same again', 201, 'POST', '/v1/vaults', fields, key);
  expect(twice).toEqual({ json: once.json, dynamo: 'GetItem' });

  const read = await measured('`GET /v1/vaults/{id}`', 200, 'GET', `${url}?fields=dob,city`);
  expect(read).toEqual({ json: { dob: true, city: false }, dynamo: 'GetItem' });

  const updated = await measured('`PATCH /v1/vaults/{id}`', 200, 'PATCH', url, { city: 'Ulm' });
  expect(updated.dynamo).toBe('GetItem, Query, TransactWriteItems');

  const ask = {
    fields: ['first_name', 'city'],
    reason: 'test',
    expressions: { last: 'ssn9.substring(5)', age: 'date(dob).age() > 30' },
  };
  await measured('`POST /v1/vaults/{id}/decrypt`, first of 12 minutes', 200, 'POST', `${url}/decrypt`, ask);
  const decrypted = await measured('`POST /v1/vaults/{id}/decrypt`', 200, 'POST', `${url}/decrypt`, ask);
  expect(decrypted.json.data).toMatchObject({ first_name: 'Ada', city: 'Ulm', age: true });
  expect(decrypted.dynamo).toBe('GetItem, Query, TransactWriteItems');

  const removed = await measured('`DELETE` of fields', 200, 'DELETE', url, { fields: ['city'] });
  expect(removed.dynamo).toBe('GetItem, Query, TransactWriteItems');

  const log = await measured('`GET /v1/vaults/{id}/audit`', 200, 'GET', `${url}/audit`);
  expect(log.dynamo).toBe('GetItem, Query');
  expect(log.json.entries.map(({ event }: { event: string }) => event)).toEqual([
    'RemoveFields',
    'DecryptVault',
    'DecryptVault',
    'UpdateVault',
    'CreateVault',
  ]);

  const deleted = await measured('`DELETE` of a vault', 200, 'DELETE', url, { delete_all: true });
  expect(deleted.dynamo).toBe('GetItem, Query, TransactWriteItems');
  await measured('a vault that is gone', 404, 'GET', url);
  const unknown = await measured('decrypt of a vault that is gone', 404, 'POST', `${url}/decrypt`, ask);
  expect(unknown.dynamo).toBe('GetItem, Query, TransactWriteItems');

  const rights = { scopes: ['vaults:read'] };
  const made = await measured('`POST /v1/keys`', 201, 'POST', '/v1/keys', rights);
  expect(made.dynamo).toBe('Query, TransactWriteItems');
  const listed = await measured('`GET /v1/keys`, of two keys', 200, 'GET', '/v1/keys');
  expect(listed.dynamo).toBe('2 GetItem, Query');
  const denied = await measured('a denial', 403, 'POST', '/v1/vaults', fields, { token: made.json.token });
  expect(denied.dynamo).toBe('Query, TransactWriteItems');
  const revoked = await measured('`DELETE /v1/keys/{id}`', 200, 'DELETE', `/v1/keys/${made.json.id}`);
  expect(revoked.dynamo).toBe('2 GetItem, Query, TransactWriteItems');
  const after = await call('GET', '/v1/vaults/none', undefined, { token: made.json.token });
  expect(after.status).toBe(401);
  const nonce = Buffer.alloc(16).toString('base64url');
  await measured('`GET /v1/attestation`', 200, 'GET', `/v1/attestation?nonce=${nonce}`);
  await calls.row('`GET /health`', () => call('GET', '/health'));
});

it('verifies against the log group, by one scan', async () => {
  const { result, dynamo } = await calls.row('`audit verify` of all of this', () =>
    open.vault.verifyAudit({ against: readLogGroup(heads) }),
  );
  expect(result.findings).toEqual([]);
  // Two records, the system chain and two keys.
  expect(result.chains).toBe(5);
  expect(dynamo).toMatch(/ Query, Scan$/);
});

it('shows what a writer of the table took away, which the table alone does not show', async () => {
  const { json } = await call('POST', '/v1/vaults', { city: 'Ulm' });
  const [log, record] = [`LOG##${json.id}`, `VAULT##${json.id}`];
  const before = await Promise.all([open.store.get(record, 'v0'), open.store.get(log, 'head')]);
  await call('PATCH', `/v1/vaults/${json.id}`, { city: 'Bonn' });
  const items = before.filter((item) => item !== undefined);
  await open.store.transact([
    ...items.map((item) => ({ put: item })),
    { remove: { pk: log, sk: '000000000002' } },
  ]);
  expect((await open.vault.verifyAudit()).findings).toEqual([]);
  const { findings } = await open.vault.verifyAudit({ against: readLogGroup(heads) });
  expect(findings.map(({ log: chain, code, n }) => [chain, code, n])).toEqual([[json.id, 'truncated', 2]]);
});
