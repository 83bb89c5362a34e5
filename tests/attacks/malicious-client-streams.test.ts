// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { StreamClient } from '../../host/api/test/batch/client.ts';
import { LocalVault } from '../support/local-vault.ts';
import { RawConnection, statuses } from '../support/raw-http.ts';

/** Actor: malicious client. He has a good key, and the calls for many records, which read for as long as he sends. */
let vault: LocalVault;
let port: number;
let apiPid: number;
beforeAll(async () => {
  vault = await LocalVault.start();
  port = Number(new URL(vault.url).port);
  apiPid = Number(((await vault.control('/pids')) as { api?: number }).api);
});
afterAll(() => vault?.stop());
afterEach(async () => {
  const started = performance.now();
  expect((await vault.call('GET', '/health', undefined, { key: null })).status).toBe(200);
  expect(performance.now() - started).toBeLessThan(8_000);
});

const CREATE = '/v1/vaults:batch';
const DECRYPT = '/v1/vaults:decrypt';
const MiB = 1024 * 1024;
const open = (path: string) => new StreamClient(port, path, vault.adminKey);
/** Memory of the API's process, in bytes. */
const memory = () =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${apiPid}/status`, 'utf8'))?.[1]) * 1024;
const codes = (client: StreamClient) =>
  client.lines.flatMap(({ error }) => (error === undefined ? [] : [error.code]));
const drained = (client: StreamClient) => new Promise<void>((done) => void client.out.once('drain', done));

describe('lines', () => {
  it('256 MiB without an end are told of at the first, and held nowhere', async () => {
    const client = open(CREATE);
    const part = Buffer.alloc(MiB, 0x22);
    const before = memory();
    let most = 0;
    for (let n = 0; n < 256; n += 1) {
      if (!client.out.write(part)) await drained(client);
      if (n % 16 === 0) most = Math.max(most, memory() - before);
    }
    client.send('', { fields: {} });
    await client.finish();
    expect(codes(client)).toEqual(['body_too_large']);
    expect(client.last).toEqual({ done: { results: 2, errors: 1 } });
    expect(most).toBeLessThan(160 * MiB);
  });

  it('a million empty ones, and as many of blanks, are no items', async () => {
    // They would be work that no rate counts: after a thousand in a row nothing more is read.
    for (const blank of ['\n', ' \t\r\n']) {
      const client = open(CREATE);
      client.out.write(blank.repeat(1_000_000));
      await client.finish();
      expect(client.lines).toEqual([{ stopped: { code: 'json_invalid', results: 0, errors: 0 } }]);
    }
  });

  it.each([
    ['a name twice', '{"fields":{"city":"Marked-1"},"fields":{"city":"x"}}', 'json_duplicate_name'],
    [
      'a name twice, once in disguise',
      '{"fields":{"city":"Marked-1","\\u0063ity":"x"}}',
      'json_duplicate_name',
    ],
    ['__proto__', '{"fields":{},"__proto__":{"idempotency_key":"Marked-1"}}', 'json_forbidden_name'],
    ['deep lists', `{"fields":${'['.repeat(10_000)}`, 'json_too_deep'],
    [
      '100,000 members',
      `{"fields":{${Array.from({ length: 70_000 }, (_, n) => `"a${n}":1`).join()}}}`,
      'invalid',
    ],
    ['two texts', '{"fields":{}}{"fields":{"city":"Marked-1"}}', 'json_invalid'],
    ['a NUL', '{"fields":{}}\0', 'json_invalid'],
    ['half a character', '{"fields":{"city":"\\ud800"}}', 'json_invalid'],
  ])('with %s are refused by themselves, and nothing of them is repeated', async (_what, line, code) => {
    const client = open(CREATE).send(line, { fields: {} });
    await client.finish();
    expect(codes(client)).toEqual([code]);
    expect(client.last).toEqual({ done: { results: 2, errors: 1 } });
    expect(JSON.stringify(client.lines)).not.toContain('Marked-1');
  });
});

describe('places', () => {
  it('16 are all that he gets, however he opens them; a key of somebody else’s has its own', async () => {
    const other = await vault.call('POST', '/v1/keys', { scopes: ['vaults:create'] });
    const all = Array.from({ length: 40 }, () => open(CREATE).send({ fields: {} }));
    const answers = await Promise.all(all.map(({ answered }) => answered));
    const good = answers.filter(({ statusCode }) => statusCode === 200);
    expect(good).toHaveLength(16);
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([200, 429]));
    const theirs = new StreamClient(port, CREATE, String(other.json.token)).send({ fields: {} });
    await theirs.finish();
    expect(theirs.last).toEqual({ done: { results: 1, errors: 0 } });
    // Calls for one record are no streams.
    expect((await vault.call('POST', '/v1/vaults', {})).status).toBe(201);
    for (const client of all) client.out.destroy();
    const deadline = Date.now() + 60_000;
    while ((await open(CREATE).send('').finish()).length === 0) expect(Date.now()).toBeLessThan(deadline);
  });

  it('a stream with no key has none, and none of its body is read', async () => {
    const answer = await new Promise<string>((resolve) => {
      const connection = new RawConnection(port);
      connection.write(
        `POST ${CREATE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`,
      );
      connection.closed.then(resolve);
      setTimeout(() => connection.socket.destroy(), 10_000);
    });
    expect(statuses(answer)).toEqual([401]);
  });
});

describe('the rate of his refusals', () => {
  it('holds for ids that he guesses by the hundred: beyond it none is looked for', async () => {
    const made = await vault.call('POST', '/v1/keys', { scopes: ['vaults:decrypt'] });
    const key = String(made.json.token);
    const guess = (n: number) => `v_01HV1XW70Q03PHK892JF${String(n).padStart(6, '0')}`;
    const seen = new Map<string, number>();
    for (let call = 0; call < 13; call += 1) {
      const ids = Array.from({ length: 100 }, (_, n) => guess(call * 100 + n));
      const { status, json } = await vault.call(
        'POST',
        DECRYPT,
        { ids, fields: ['city'], reason: 'x' },
        { key },
      );
      if (status === 429) break;
      for (const { error } of json.results as unknown as { error: { code: string } }[])
        seen.set(error.code, (seen.get(error.code) ?? 0) + 1);
    }
    // A thousand at once, and ten more a second.
    expect(seen.get('not_found')).toBeGreaterThanOrEqual(1_000);
    expect(seen.get('not_found')).toBeLessThan(1_200);
    // Some at once: one alone may find the one that came back meanwhile.
    const ask = { ids: ['x'], fields: ['city'], reason: 'x' };
    const more = await Promise.all(
      Array.from({ length: 30 }, () => vault.call('POST', DECRYPT, ask, { key })),
    );
    expect(more.map(({ status }) => status)).toContain(429);
  });
});

it('the same process serves, and nothing of its own failed', async () => {
  expect(Number(((await vault.control('/pids')) as { api?: number }).api)).toBe(apiPid);
  expect(vault.logged('program_error')).toEqual([]);
});
