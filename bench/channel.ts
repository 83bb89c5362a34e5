// SPDX-License-Identifier: Apache-2.0
/**
 * What the channel between API and parent costs over a unix socket: `node bench/channel.ts [--requests 2000]`. Client and
 * server are two processes on one machine, so that there is no network in it; bodies are 4 KiB each way. It prints medians,
 * and the ratio to the unix socket, which says more than milliseconds of another machine do.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChannelCredentials, channelTarget } from '@enclave-vault/channel';
import { HttpClient } from '@enclave-vault/parent/http-client';
import { Deployment } from '../host/channel/test/support.ts';
import { optionsOf } from './support/options.ts';
import { median, quantile } from './system/statistics.ts';

const values = optionsOf('channel', { requests: { type: 'string', default: '2000' } });
const REQUESTS = Number(values.requests);
const HANDSHAKES = 200;
const AT_ONCE = 32;
const BODY = Buffer.alloc(4096, 7);

interface Served {
  readonly port: number;
  readonly serverRoots: string;
  readonly credentials: ChannelCredentials;
}

const folder = mkdtempSync(join(tmpdir(), 'ev-bench-'));
const socket = join(folder, 's');
const server = fork(join(import.meta.dirname, 'channel/server.ts'), [socket]);
const served = await new Promise<Served>((resolve) =>
  server.once('message', (got) => resolve(got as Served)),
);

const clientOf = {
  unix: () => new HttpClient({ unix: socket }),
  channel: () => {
    const { port, serverRoots, credentials } = served;
    const identity = {
      current: () => credentials,
      valid: async () => credentials,
      onRenewed: () => () => undefined,
      close: () => undefined,
    };
    return new HttpClient(
      channelTarget({ host: '127.0.0.1', port, identity, serverRoots, log: () => undefined }),
    );
  },
} as const;
type Way = keyof typeof clientOf;

const ask = (client: HttpClient) =>
  client.request({ method: 'POST', path: '/', body: BODY, timeoutMs: 10_000, maxBytes: 8192 });

async function timed(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await run();
  return performance.now() - started;
}

/** A connection of its own for each request. */
async function connecting(way: Way): Promise<number[]> {
  const times: number[] = [];
  for (let turn = 0; turn < HANDSHAKES; turn += 1) {
    const client = clientOf[way]();
    times.push(await timed(() => ask(client)));
    client.close();
  }
  return times;
}

/** One request after the other on one connection; then many at once. */
async function kept(way: Way): Promise<{ one: number[]; perSecond: number }> {
  const client = clientOf[way]();
  for (let turn = 0; turn < 200; turn += 1) await ask(client);
  const one: number[] = [];
  for (let turn = 0; turn < REQUESTS; turn += 1) one.push(await timed(() => ask(client)));
  // All their connections are made before time is taken.
  await Promise.all(Array.from({ length: AT_ONCE }, () => ask(client)));
  const each = Math.ceil((REQUESTS * 2) / AT_ONCE);
  const together = await timed(() =>
    Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let turn = 0; turn < each; turn += 1) await ask(client);
      }),
    ),
  );
  client.close();
  return { one, perSecond: (each * AT_ONCE * 1000) / together };
}

async function issuing(): Promise<number[]> {
  const ours = new Deployment();
  const times: number[] = [];
  for (let turn = 0; turn < 50; turn += 1) times.push(await timed(() => ours.identity('client')));
  await ours.end();
  return times;
}

try {
  await connecting('channel');
  const found = new Map<Way, { fresh: number[]; one: number[]; perSecond: number }>();
  for (const way of ['unix', 'channel'] as const) {
    found.set(way, { fresh: await connecting(way), ...(await kept(way)) });
  }
  const [unix, channel] = [found.get('unix'), found.get('channel')];
  if (unix === undefined || channel === undefined) throw new Error('nothing was measured');
  const row = (what: string, a: number, b: number, unit: string) =>
    console.log(`| ${what} | ${a.toFixed(2)} ${unit} | ${b.toFixed(2)} ${unit} | ${(b / a).toFixed(2)} |`);
  console.log('| | unix socket | channel | ratio |\n|---|---|---|---|');
  row('first request of a connection, median', median(unix.fresh), median(channel.fresh), 'ms');
  row('request on a kept connection, median', median(unix.one), median(channel.one), 'ms');
  row('the same, 99th percentile', quantile(unix.one, 0.99), quantile(channel.one, 0.99), 'ms');
  row(`requests a second, ${AT_ONCE} at once`, unix.perSecond, channel.perSecond, '/s');
  console.log(
    `\nA key pair and its certificate, without KMS's time: ${median(await issuing()).toFixed(2)} ms`,
  );
} finally {
  server.kill();
  rmSync(folder, { recursive: true });
}
