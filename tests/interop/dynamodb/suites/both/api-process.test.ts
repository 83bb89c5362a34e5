// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CloudWatchLogsClient, CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { createTable, DynamoStore } from '@enclave-vault/stores/dynamodb';
import { readLogGroup } from '@enclave-vault/stores/log-group';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Answer, callApi } from '../../../../support/local-vault.ts';
import { type LocalParts, startLocalParts } from '../../local-parts.ts';
import { dynamoDbLocal, moto, placeOf } from '../../peers.ts';

const MAIN = join(import.meta.dirname, '../../../../../host/api/src/main.ts');
const COMMAND = join(import.meta.dirname, '../../../../../tools/admin/bin/enclave-vault.mjs');
const table = `vault-${randomUUID()}`;
const logGroup = `heads-${randomUUID()}`;
const folder = mkdtempSync(join(tmpdir(), 'dynamo-'));
const adminKeyFile = join(folder, 'admin.key');
let parts: LocalParts;

beforeAll(async () => {
  parts = await startLocalParts();
  const client = new CloudWatchLogsClient(placeOf(moto()));
  await client.send(new CreateLogGroupCommand({ logGroupName: logGroup }));
  client.destroy();
});

afterAll(async () => {
  await parts?.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Running {
  readonly url: string;
  /** @returns the exit code */
  stop(): Promise<unknown>;
  call(method: string, path: string, body?: unknown): Promise<Answer>;
}

function configuration() {
  const { kms, credentials } = parts.session;
  const { keys, region, endpoint, ca } = kms;
  const { accessKeyId, secretAccessKey } = credentials;
  return {
    port: 0,
    region,
    keys,
    kms: { endpoint, ca },
    credentials: { accessKeyId, secretAccessKey },
    store: { kind: 'dynamodb', table, endpoint: dynamoDbLocal().endpoint },
    audit: { kind: 'log_group', name: logGroup, endpoint: moto().endpoint },
    parent: `unix:${parts.parent}`,
    bootstrap: { adminKeyFile },
  };
}

/** A command of the operator, who has the API's configuration. */
async function operator(
  ...args: readonly string[]
): Promise<{ readonly code: unknown; readonly out: string }> {
  const file = join(folder, 'api.json');
  writeFileSync(file, JSON.stringify(configuration()), { mode: 0o600 });
  const child = spawn(process.execPath, [COMMAND, ...args, '--config', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH },
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const [code] = await once(child, 'close');
  return { code, out };
}

/** The API's process, told of AWS by nothing but its configuration. */
async function startApi(): Promise<Running | { readonly code: unknown; readonly log: string }> {
  const child = spawn(process.execPath, [MAIN], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH },
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  child.stdin.write(`${JSON.stringify(configuration())}\n`);
  const lines = createInterface({ input: child.stdout });
  const said = await Promise.race([once(lines, 'line'), once(child, 'exit')]);
  const [line] = said;
  if (typeof line !== 'string') return { code: line, log };
  const { url } = JSON.parse(line) as { url: string };
  const stop = async (): Promise<unknown> => {
    child.stdin.end();
    return child.exitCode ?? (await once(child, 'exit'))[0];
  };
  const call = (method: string, path: string, body?: unknown) => {
    return callApi(url, method, path, body, { key: readFileSync(adminKeyFile, 'utf8').trim() });
  };
  return { url, stop, call };
}

it('refuses to start on a table that is not there, and says so', async () => {
  const ended = await startApi();
  expect(ended).toMatchObject({ code: 2, log: expect.stringContaining('not_a_vault') });
});

it('keeps items in a table and heads in a log group, from one life to the next', async () => {
  await createTable({ ...placeOf(dynamoDbLocal()), table });
  const first = await startApi();
  if (!('url' in first)) throw new Error(first.log);
  const created = await first.call('POST', '/v1/vaults', { first_name: 'Ada', dob: '1980-02-29' });
  expect(created.status).toBe(201);
  const health = await first.call('GET', '/health');
  expect([health.status, await first.stop()]).toEqual([200, 0]);

  const second = await startApi();
  if (!('url' in second)) throw new Error(second.log);
  const ask = { fields: ['first_name'], reason: 'test' };
  const decrypted = await second.call('POST', `/v1/vaults/${created.json.id}/decrypt`, ask);
  expect(decrypted).toMatchObject({ status: 200, json: { data: { first_name: 'Ada' } } });
  expect(await second.stop()).toBe(0);

  const heads = await Array.fromAsync(readLogGroup({ ...placeOf(moto()), logGroup }));
  expect(heads.filter(({ log }) => log === created.json.id).map(({ n }) => n)).toEqual([1, 2]);
});

it('gives its operator the key of a tenant and the state of its audit, by the same configuration', async () => {
  const made = await operator('tenants', 'create', 'acme-health');
  expect(made.code).toBe(0);
  const { tenant, token } = JSON.parse(made.out) as { tenant: string; token: string };
  expect(tenant).toBe('acme-health');
  const api = await startApi();
  if (!('url' in api)) throw new Error(api.log);
  const created = await callApi(api.url, 'POST', '/v1/vaults', { first_name: 'Eve' }, { key: token });
  expect(created.status).toBe(201);
  expect(await api.stop()).toBe(0);

  const well = await operator('audit', 'verify', '--json');
  expect(well.code).toBe(0);
  expect(JSON.parse(well.out)).toMatchObject({ findings: [] });

  const id = String(created.json.id);
  const store = await DynamoStore.open({ ...placeOf(dynamoDbLocal()), table });
  const record = await store.get(`VAULT##${id}`, 'v0');
  if (record === undefined) throw new Error('no record');
  await store.transact([{ put: { ...record, _rev: 7 } }]);
  await store.close();
  const harmed = await operator('audit', 'verify', id);
  expect(harmed.code).toBe(1);
  expect(harmed.out).toContain(`${id}`);
});
