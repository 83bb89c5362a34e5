// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterAll, describe, expect, it } from 'vitest';
import { type Alarm, isWebhookUrl, signed, Webhook } from '../../src/alarm/index.ts';

const SECRET = 'a secret that is long enough to sign with';
const alarm = (reason = 'would_succeed'): Alarm => ({
  state: 'UnexpectedAllow',
  was: 'Good',
  repeated: false,
  readings: [{ place: 'local', probe: 'vault.decrypt', outcome: 'UnexpectedAllow', reason }],
  silent: [],
});

interface Got {
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

/** A receiver that answers as it is told, and a webhook to it. */
async function receiver(answer: (n: number, response: ServerResponse) => void, firstDelayMs = 10) {
  const got: Got[] = [];
  const logged: [string, unknown][] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    got.push({ body: Buffer.concat(chunks).toString('utf8'), headers: request.headers });
    answer(got.length, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/hook`;
  const log = (event: string, fields: unknown) => logged.push([event, fields]);
  const webhook = new Webhook({ url, secret: SECRET, log, firstDelayMs });
  const until = async (done: () => boolean) => {
    for (let n = 0; n < 500 && !done(); n += 1) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(done()).toBe(true);
  };
  return { got, logged, webhook, until };
}
const status = (code: number) => (_n: number, response: ServerResponse) => response.writeHead(code).end('x');

describe('a webhook', () => {
  it('gets what happened, signed with its time, so that neither can be changed or said again later', async () => {
    const { got, logged, webhook, until } = await receiver(status(204));
    const told = Math.floor(Date.now() / 1000);
    webhook.tell(alarm());
    await until(() => logged.length === 1);
    const [{ body, headers } = { body: '', headers: {} }] = got;
    expect(JSON.parse(body)).toMatchObject({
      version: 1,
      source: 'enclave-vault-canary',
      state: 'UnexpectedAllow',
      was: 'Good',
      readings: [
        { place: 'local', probe: 'vault.decrypt', outcome: 'UnexpectedAllow', reason: 'would_succeed' },
      ],
    });
    const time = headers['enclave-vault-timestamp'];
    expect(Number(time)).toBeGreaterThanOrEqual(told);
    expect(Number(time)).toBeLessThanOrEqual(Date.now() / 1000);
    const mac = createHmac('sha256', SECRET).update(`${time}.${body}`).digest('hex');
    expect(headers['enclave-vault-signature']).toBe(`v1=${mac}`);
    expect(logged).toEqual([['delivered', { status: 204, attempt: 1 }]]);
  });

  it('is signed as anybody can compute who has the secret: a known answer', () => {
    // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac 'a secret that is long enough to sign with'
    expect(signed(SECRET, '{"a":1}', 1_700_000_000_999)).toEqual({
      'Enclave-Vault-Timestamp': '1700000000',
      'Enclave-Vault-Signature': 'v1=4a18dd074e83cd56706cd7e449d4bc15ea111be0625ab6f8d0c1b46386738044',
    });
  });

  it('is tried again when it is not there, under the same id and a signature of the new time', async () => {
    const { got, logged, webhook, until } = await receiver((n, response) =>
      n === 1 ? void response.destroy() : status(n === 2 ? 503 : 200)(n, response),
    );
    webhook.tell(alarm());
    await until(() => logged.some(([event]) => event === 'delivered'));
    expect(logged.map(([event]) => event)).toEqual(['retried', 'retried', 'delivered']);
    expect(new Set(got.map(({ body }) => body)).size).toBe(1);
  });

  it('is given up after five tries, and after one that says no', async () => {
    const down = await receiver(status(500), 1);
    down.webhook.tell(alarm());
    await down.until(() => down.logged.some(([event]) => event === 'given_up'));
    expect(down.got).toHaveLength(5);
    const no = await receiver(status(401));
    no.webhook.tell(alarm());
    await no.until(() => no.logged.length === 1);
    expect([no.got.length, no.logged]).toEqual([1, [['given_up', { status: 401, attempt: 1 }]]]);
  });

  it('follows no redirect', async () => {
    const { got, logged, webhook, until } = await receiver((_n, response) =>
      response.writeHead(307, { location: '/elsewhere' }).end(),
    );
    webhook.tell(alarm());
    await until(() => logged.length === 1);
    expect([got.length, logged[0]]).toEqual([1, ['given_up', { status: 307, attempt: 1 }]]);
  });

  it('that was away is told the newest, and not all that happened meanwhile', async () => {
    let there = false;
    const { got, logged, webhook, until } = await receiver(
      (n, response) => status(there ? 200 : 503)(n, response),
      100,
    );
    webhook.tell(alarm('first'));
    await until(() => got.length === 1);
    for (const reason of ['second', 'third']) webhook.tell(alarm(reason));
    there = true;
    await until(() => logged.some(([event]) => event === 'delivered'));
    expect(got.map(({ body }) => JSON.parse(body).readings[0].reason)).toEqual(['first', 'third']);
  });

  it('holds nobody up who ends', async () => {
    const { got, webhook, until } = await receiver(() => undefined);
    webhook.tell(alarm());
    await until(() => got.length === 1);
    const began = performance.now();
    await webhook.close();
    // An answer is waited for 5 s.
    expect(performance.now() - began).toBeLessThan(4_500);
  });

  it('waits for no further try when it was closed during one', async () => {
    const { got, webhook, until } = await receiver(() => undefined, 60_000);
    webhook.tell(alarm());
    await until(() => got.length === 1);
    const began = performance.now();
    await webhook.close();
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(got).toHaveLength(1);
  });

  it.each([
    ['https://alarms.example.com/x', true],
    ['http://127.0.0.1:9000/x', true],
    ['http://localhost/x', true],
    ['http://[::1]:9000/', true],
    ['http://alarms.example.com/x', false],
    ['http://127.0.0.1.example.com/', false],
    ['https://user:password@alarms.example.com/', false],
    ['ftp://127.0.0.1/', false],
    ['alarms', false],
  ])('may be at %s: %s', (url, good) => {
    expect(isWebhookUrl(url)).toBe(good);
  });
});
