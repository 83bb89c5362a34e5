// SPDX-License-Identifier: Apache-2.0
/**
 * A table of the AWS sample in a stand-in for DynamoDB, copied by `enclave-vault import-sample` while it is there: into the local vault, and
 * into a vault whose own store is a table of the same stand-in. Prints a line for each check that failed, and `N passed, N failed`.
 * A stand-in that cannot be had is named, and skipped.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { BatchWriteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ParentClient } from '@enclave-vault/api';
import { createVaultKms } from '@enclave-vault/host-kms';
import { FileAuditSink } from '@enclave-vault/stores';
import { createTable, DynamoStore } from '@enclave-vault/stores/dynamodb';
import { defaultSchema, SCOPES, systemClock, Vault } from '@enclave-vault/vault';
import type { Examined } from '../../../tools/admin/src/dev/examined.ts';
import type { AuditSession } from '../../../tools/admin/src/dev/vault.ts';
import { LocalVault, run } from '../../support/local-vault.ts';
import {
  SampleTable,
  type SampleVault,
  sampleId,
  sampleLog,
  type WireItem,
} from '../../support/sample-table.ts';
import {
  freePort,
  type Prepared,
  prepareDynamoDbLocal,
  prepareMoto,
  startPeer,
} from '../dynamodb/prepare.ts';

const COMMAND = join(import.meta.dirname, '../../../tools/admin/bin/enclave-vault.mjs');
const PEERS: readonly [string, (port: number) => Prepared][] = [
  ['DynamoDB Local', prepareDynamoDbLocal],
  ['moto', prepareMoto],
];
const REGION = 'us-east-1';
const CREDENTIALS = { accessKeyId: 'AKIDLOCAL', secretAccessKey: 'local' };
const ENV = {
  AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
};
/** More than a page of a scan together: 1 MB. */
const VAULTS = 70;
const LONG = 'Lorem ipsum dolor sit amet. '.repeat(600);

let [passed, failed] = [0, 0];
function check(name: string, found: unknown, expected: unknown): void {
  if (isDeepStrictEqual(found, expected)) passed += 1;
  else {
    failed += 1;
    console.log(`FAILED ${name}: ${JSON.stringify(found)?.slice(0, 500)}`);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'ev-import-'));
const data = mkdtempSync(join(tmpdir(), 'ev-test-'));
const table = await SampleTable.open(data);
const vaults: SampleVault[] = [];
for (let n = 0; n < VAULTS; n += 1) {
  const values = { first_name: `Ada ${n}`, dob: '1985-12-10', address1: LONG };
  vaults.push(await table.vault(values, ([1, 2, 'mixed'] as const)[n % 3]));
}
const spoilt = await table.vault({ city: 'x' });
await table.close();
const items: WireItem[] = [
  ...vaults.flatMap(({ id, item }) => [item, sampleLog(id), sampleLog(id, 'UpdateVault')]),
  { ...spoilt.item, city: { S: 'not sealed' } },
  // What the sample leaves of a deleted vault, when fields of it are removed.
  { pk: { S: `VAULT##${sampleId()}` }, sk: { S: 'v0' }, _mt: { N: '1' } },
];
const EXPECTED = {
  imported: VAULTS,
  already: 0,
  replaced: 0,
  logs: 2 * VAULTS,
  skipped: { bad_field: 1, no_key: 1 },
};

const vault = await LocalVault.start({ data, args: ['--legacy-key', table.keyArn] });
const session = (await vault.control('/session')) as unknown as AuditSession;
const { parent } = (await vault.control('/examined')) as unknown as Examined;
try {
  let tried = 0;
  for (const [name, prepare] of PEERS) {
    const port = await freePort();
    const prepared = prepare(port);
    if ('missing' in prepared) {
      console.log(`SKIPPED: import from ${name} (${prepared.missing})`);
      continue;
    }
    const child = await startPeer(prepared, port);
    try {
      await against(name, `http://127.0.0.1:${port}`, tried);
      tried += 1;
    } finally {
      child.kill('SIGKILL');
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  await vault.stop();
  for (const made of [folder, data]) rmSync(made, { recursive: true, force: true });
}

async function against(name: string, endpoint: string, round: number): Promise<void> {
  const place = { region: REGION, endpoint, credentials: CREDENTIALS, table: 'sample' };
  await createTable(place);
  await fill(endpoint, place.table);
  const source = [
    'import-sample',
    '--table',
    place.table,
    '--region',
    REGION,
    '--endpoint',
    endpoint,
    '--key-arn',
    table.keyArn,
  ];
  const into = ['--data', data];

  const [state, report] = [join(folder, `${round}.state`), join(folder, `${round}.jsonl`)];
  const words = [...source, ...into, '--segments', '3', '--state', state, '--report', report];
  if (round === 0) {
    await killed([...words, '--rate', '40']);
    const done = await summary(`${name}: after a kill`, words);
    check(`${name}: after a kill`, done, { done: true, dry_run: false, ...EXPECTED });
    const ids = readFileSync(report, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).id);
    check(`${name}: each vault is reported once`, [ids.length, new Set(ids).size], [VAULTS + 2, VAULTS + 2]);
    for (const { id, values } of vaults) {
      const ask = { fields: Object.keys(values), reason: 'interop' };
      const { json } = await vault.call('POST', `/v1/vaults/${id}/decrypt`, ask);
      check(`${name}: ${id} opens`, json.data, values);
    }
  }
  const again = await summary(`${name}: again`, [...source, ...into]);
  check(`${name}: again`, again, { done: true, dry_run: false, ...EXPECTED, imported: 0, already: VAULTS });

  const absent = await run(
    [...source, ...into].map((word) => (word === place.table ? 'absent' : word)),
    ENV,
  );
  check(`${name}: no such table`, [absent.code, /ResourceNotFoundException/.test(absent.err)], [1, true]);
  await intoTable(name, endpoint, source);
}

/** Into a vault whose store is a table, as a deployment on AWS has it. */
async function intoTable(name: string, endpoint: string, source: readonly string[]): Promise<void> {
  const { accessKeyId, secretAccessKey } = session.credentials;
  const place = { region: REGION, endpoint, credentials: { accessKeyId, secretAccessKey }, table: 'vault' };
  await createTable(place);
  const config = join(folder, 'api.json');
  const heads = join(folder, `${name}-heads.log`);
  const api = {
    region: REGION,
    keys: session.kms.keys,
    kms: { endpoint: session.kms.endpoint, ca: session.kms.ca },
    credentials: session.credentials,
    store: { kind: 'dynamodb', table: place.table, endpoint },
    audit: { kind: 'file', path: heads },
    parent: `unix:${parent}`,
  };
  writeFileSync(config, JSON.stringify(api), { mode: 0o600 });
  const began = performance.now();
  // moto takes one call after the other: as many at once as may be would wait longer than a call may take.
  const done = await summary(`${name}: into a table`, [...source, '--config', config, '--rate', '6']);
  const seconds = (performance.now() - began) / 1000;
  check(`${name}: into a table`, done, { done: true, dry_run: false, ...EXPECTED });
  console.log(`${name}: ${VAULTS} vaults into a table in ${seconds.toFixed(1)} s`);

  const store = await DynamoStore.open(place);
  const kms = createVaultKms({ ...session.kms, credentials: session.credentials });
  const sink = await FileAuditSink.open(heads);
  const enclave = new ParentClient({ unix: parent });
  const opened = await Vault.open({
    store,
    kms,
    sink,
    enclave,
    clock: systemClock(),
    schema: defaultSchema(),
  });
  const principal = {
    ...{ tenant: 'default', actor: 'key:interop', scopes: new Set(SCOPES), fields: null, purposes: null },
    ...{ deriveOnly: false, expires: null },
  };
  for (const { id, values } of vaults.slice(0, 12)) {
    const context = { principal, requestId: 'interop', deadline: Date.now() + 10_000 };
    const ask = { fields: Object.keys(values), reason: 'interop' };
    const { data: found } = await opened.decrypt(context, id, ask);
    check(`${name}: ${id} opens out of the table`, { ...found }, values);
  }
  check(`${name}: the chains`, (await opened.verifyAudit()).findings, []);
  enclave.close();
  await opened.close();
  await sink.close();
  kms.close();
}

async function summary(name: string, words: readonly string[]): Promise<unknown> {
  const { out, err } = await run(words, ENV);
  if (out === '') {
    check(`${name}: ${err}`, 'ended', 'done');
    return undefined;
  }
  const { seconds: _, ...counts } = JSON.parse(out) as Record<string, unknown>;
  return counts;
}

/** Starts the import, and kills it when something was imported. */
async function killed(words: readonly string[]): Promise<void> {
  const heads = () => readFileSync(join(data, 'audit-heads.log'), 'utf8').split('\n').length;
  const before = heads();
  const child = spawn(process.execPath, [COMMAND, ...words], {
    stdio: 'ignore',
    env: { ...process.env, ...ENV },
  });
  const exited = new Promise((done) => child.once('exit', done));
  while (heads() < before + 20 && child.exitCode === null) await sleep(5);
  child.kill('SIGKILL');
  await exited;
}

async function fill(endpoint: string, name: string): Promise<void> {
  const client = new DynamoDBClient({ region: REGION, endpoint, credentials: { ...CREDENTIALS } });
  for (let start = 0; start < items.length; start += 25) {
    const requests = items.slice(start, start + 25).map((item) => ({ PutRequest: { Item: fromJson(item) } }));
    const { UnprocessedItems = {} } = await client.send(
      new BatchWriteItemCommand({ RequestItems: { [name]: requests } }),
    );
    if (Object.keys(UnprocessedItems).length > 0) throw new Error('items were left out');
  }
  client.destroy();
}

function fromJson(item: WireItem) {
  return Object.fromEntries(
    Object.entries(item).map(([name, { S, N, B }]) => {
      if (B !== undefined) return [name, { B: Buffer.from(B, 'base64') }];
      return [name, S !== undefined ? { S } : { N: N ?? '0' }];
    }),
  );
}
