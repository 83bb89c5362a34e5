// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Duplex } from 'node:stream';
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import { issueCertificate } from '@enclave-vault/emulator-pki';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { exchange } from '../../../src/adapters/kms/exchange.ts';
import { TlsAgent, type TlsAgentOptions } from '../../../src/adapters/kms/tls-agent.ts';
import { dialTcp } from '../../support/dial.ts';
import { watchTimers } from '../../support/timers.ts';

const HOST = 'kms.eu-central-1.vault.internal';
const YEAR = 365 * 86_400_000;
const times = { notBefore: Date.now() - YEAR, notAfter: Date.now() + YEAR };
const KEYS = {
  ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
};
const rootKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const root = issueCertificate({
  ...times,
  subject: 'root',
  key: rootKey,
  ca: true,
  keyUsage: ['keyCertSign'],
});

interface Issuer {
  readonly key: KeyObject;
  readonly certificate: Uint8Array | string;
}
const ROOT: Issuer = { key: rootKey, certificate: root.der };
const pkcs8 = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' });

/** Another authority: its own root where there is no issuer. */
function authority(subject: string, issuer?: Issuer, ca = true): Issuer & { readonly pem: string } {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const keyUsage = [ca ? ('keyCertSign' as const) : ('digitalSignature' as const)];
  const { der, pem } = issueCertificate({ ...times, subject, key, ca, keyUsage, ...(issuer && { issuer }) });
  return { key, certificate: der, pem };
}

/** KMS's certificate by an issuer, or by itself, and what else its server shows. */
function issued(key: KeyObject, issuer: Issuer | null = ROOT, ...others: readonly string[]): TlsOptions {
  const { pem } = issueCertificate({
    ...times,
    subject: HOST,
    key,
    ca: false,
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: ['serverAuth'],
    san: { dns: [HOST] },
    ...(issuer && { issuer }),
  });
  return { cert: [pem, ...others].join('\n'), key: pkcs8(key) };
}

/** The same with another bit in its signature, which ends a certificate (RFC 5280 section 4.1). */
function forged({ cert, ...rest }: TlsOptions): TlsOptions {
  const der = Buffer.from(new X509Certificate(String(cert)).raw);
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
  return {
    ...rest,
    cert: `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`,
  };
}

const open: { server: Server; sockets: TLSSocket[]; agent: TlsAgent }[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const { server, sockets, agent } of open.splice(0)) {
    for (const socket of sockets) socket.destroy();
    agent.destroy();
    server.close();
  }
});

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** A server that speaks TLS as it is told to, and answers each request by `answer`, with an agent for it. */
async function agentOf(
  options: TlsOptions = {},
  changes: Partial<TlsAgentOptions> = {},
  answer: (socket: TLSSocket, nth: number, request: Buffer) => void = (socket) => socket.write(OK),
) {
  let asked = 0;
  const sockets: TLSSocket[] = [];
  const server = createServer({ ...issued(KEYS.ec), ...options }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (request: Buffer) => answer(socket, ++asked, request));
  });
  server.on('tlsClientError', () => undefined);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const dialled: Duplex[] = [];
  const agent = new TlsAgent({
    dial: dialTcp((server.address() as AddressInfo).port, (socket) => dialled.push(socket)),
    servername: HOST,
    roots: [root.pem],
    maxSockets: 4,
    connectMs: 30_000,
    idleMs: 30_000,
    ...changes,
  });
  open.push({ server, sockets, agent });
  return { agent, sockets, dialled, asked: () => asked };
}

const CALL = { headers: { host: HOST }, body: '{}', timeoutMs: 40_000 };
const ask = (agent: TlsAgent, timeoutMs = CALL.timeoutMs) => exchange(agent, { ...CALL, timeoutMs });

describe('a connection to KMS', () => {
  test.each([
    ['TLS_AES_256_GCM_SHA384', 'TLSv1.3', KEYS.ec],
    ['TLS_AES_128_GCM_SHA256', 'TLSv1.3', KEYS.ec],
    ['TLS_CHACHA20_POLY1305_SHA256', 'TLSv1.3', KEYS.ec],
    ['ECDHE-ECDSA-AES256-GCM-SHA384', 'TLSv1.2', KEYS.ec],
    ['ECDHE-ECDSA-AES128-GCM-SHA256', 'TLSv1.2', KEYS.ec],
    ['ECDHE-RSA-AES256-GCM-SHA384', 'TLSv1.2', KEYS.rsa],
    ['ECDHE-RSA-AES128-GCM-SHA256', 'TLSv1.2', KEYS.rsa],
  ] as const)('can be of %s, where it has nothing else', async (cipher, version, key) => {
    const { agent, sockets } = await agentOf({
      ...issued(key),
      ciphers: cipher,
      minVersion: version,
      maxVersion: version,
    });
    expect(await ask(agent)).toMatchObject({ status: 200 });
    expect(sockets[0]?.getCipher()).toMatchObject({ standardName: expect.any(String), version });
    expect(sockets[0]?.getCipher().name).toBe(cipher);
  });

  test.each([
    ['ECDHE-ECDSA-AES256-SHA384', KEYS.ec],
    ['ECDHE-ECDSA-CHACHA20-POLY1305', KEYS.ec],
    ['ECDHE-RSA-AES128-SHA256', KEYS.rsa],
    ['DHE-RSA-AES256-GCM-SHA384', KEYS.rsa],
  ])('cannot be of %s', async (ciphers, key) => {
    const dhparam = ciphers.startsWith('DHE') ? { dhparam: 'auto' as const } : {};
    const { agent, asked } = await agentOf({ ...issued(key), ciphers, maxVersion: 'TLSv1.2', ...dhparam });
    await expect(ask(agent)).rejects.toMatchObject({ detail: 'tls_failed' });
    expect(asked()).toBe(0);
  });

  const stranger = authority('stranger');
  const below = authority('below', stranger);
  const leaf = authority('leaf', ROOT, false);
  test.each<[string, TlsOptions, string?]>([
    ['of nobody: it signed itself', issued(KEYS.ec, null)],
    ['of another root', issued(KEYS.ec, stranger)],
    ['of another root, which is shown', issued(KEYS.ec, stranger, stranger.pem)],
    ['of somebody below another root', issued(KEYS.ec, below, below.pem)],
    ['of somebody who is trusted in place of his root', issued(KEYS.ec, below), below.pem],
    ['of another root of the same name', issued(KEYS.ec, authority('root'))],
    ['of somebody who may not issue any', issued(KEYS.ec, leaf, leaf.pem)],
    ['whose signature is another', forged(issued(KEYS.ec))],
  ])('with a certificate %s is untrusted, and no request is sent', async (_, options, trusted = root.pem) => {
    const { agent, asked } = await agentOf(options, { roots: [trusted] });
    await expect(ask(agent)).rejects.toMatchObject({ code: 'unavailable', detail: 'certificate_untrusted' });
    expect(asked()).toBe(0);
  });

  test('names the host and the protocol that it wants', async () => {
    const { agent, sockets } = await agentOf({ ALPNProtocols: ['h2', 'http/1.1'] });
    await ask(agent);
    expect([sockets[0]?.servername, sockets[0]?.alpnProtocol]).toEqual([HOST, 'http/1.1']);
  });

  test('is closed with its relay, whichever ends', async () => {
    const { agent, sockets, dialled } = await agentOf();
    await ask(agent);
    sockets[0]?.destroy();
    await vi.waitFor(() => expect(dialled[0]?.destroyed).toBe(true), 60_000);
    await ask(agent);
    agent.destroy();
    await vi.waitFor(() => expect(dialled[1]?.destroyed).toBe(true), 60_000);
  });

  test('is one of as many as there may be: where they are all busy, others wait for one of them', async () => {
    const held: TLSSocket[] = [];
    const { agent, dialled } = await agentOf({}, { maxSockets: 2 }, (socket) => held.push(socket));
    const answers = [ask(agent), ask(agent)];
    await vi.waitFor(() => expect(held).toHaveLength(2), 60_000);
    answers.push(ask(agent));
    held[0]?.write(OK);
    await vi.waitFor(() => expect(held).toHaveLength(3), 60_000);
    expect(held[2]).toBe(held[0]);
    for (const socket of held.slice(1)) socket.write(OK);
    expect(await Promise.all(answers)).toHaveLength(3);
    expect(dialled).toHaveLength(2);
  });

  test('that lies idle for too long is closed', async () => {
    const { agent, dialled } = await agentOf({}, { idleMs: 50 });
    await ask(agent);
    await vi.waitFor(() => expect(dialled[0]?.destroyed).toBe(true), 60_000);
  });

  test('whose turn comes late is dropped, and the relay with it', async () => {
    const relay = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    const late = Promise.withResolvers<Duplex>();
    const { agent } = await agentOf({}, { connectMs: 20, dial: () => late.promise });
    await expect(ask(agent)).rejects.toMatchObject({ code: 'unavailable', detail: 'connect_timed_out' });
    late.resolve(relay);
    await vi.waitFor(() => expect(relay.destroyed).toBe(true), 60_000);
  });

  test('is given up with its relay where the other side does not answer in time', async () => {
    const relay = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    const { agent } = await agentOf({}, { connectMs: 50, dial: async () => relay });
    await expect(ask(agent)).rejects.toMatchObject({ detail: 'connect_timed_out' });
    await vi.waitFor(() => expect(relay.destroyed).toBe(true), 60_000);
  });

  test('whose relay breaks is closed by it: not a failure that nobody hears', async () => {
    const relay = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    const { agent } = await agentOf({}, { dial: async () => relay });
    const answer = expect(ask(agent)).rejects.toMatchObject({ code: 'unavailable' });
    await vi.waitFor(() => expect(relay.listenerCount('error')).toBeGreaterThan(0), 60_000);
    relay.destroy(new Error('x'));
    await answer;
    relay.emit('error', new Error('and again'));
  });

  test('leaves no timer behind, whether it comes about or not', async () => {
    const timers = watchTimers(61_234);
    const { agent } = await agentOf({}, { connectMs: 61_234 });
    await ask(agent);
    const none = await agentOf({}, { connectMs: 61_234, dial: () => Promise.reject(new Error('x')) });
    await expect(ask(none.agent)).rejects.toMatchObject({ detail: 'relay_down' });
    expect([timers.set(), timers.left()]).toEqual([2, 0]);
  });
});

describe('an exchange', () => {
  test('leaves no timer behind, however it ends', async () => {
    const timers = watchTimers(54_321);
    const { agent } = await agentOf({}, {}, (socket, nth) => {
      if (nth === 1) socket.write(OK);
      else if (nth === 2) socket.destroy();
      else socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf');
    });
    await ask(agent, 54_321);
    // The connection of before was closed by KMS: asked again over another, in what is left of the time.
    await expect(ask(agent, 54_321)).rejects.toMatchObject({ detail: 'answer_incomplete' });
    await expect(ask(agent, 54_321)).rejects.toMatchObject({ detail: 'answer_incomplete' });
    expect([timers.set(), timers.left()]).toEqual([3, 0]);
  });

  test('whose time is over closes its connection', async () => {
    const reached = Promise.withResolvers<void>();
    const { agent, dialled, asked } = await agentOf({}, {}, () => reached.resolve());
    const set = vi.spyOn(globalThis, 'setTimeout');
    const over = expect(ask(agent, 43_210)).rejects.toMatchObject({
      code: 'unavailable',
      detail: 'timed_out',
    });
    await reached.promise;
    const [end] = set.mock.calls.find(([, ms]) => ms === 43_210) ?? [];
    (end as () => void)();
    await over;
    expect(asked()).toBe(1);
    await vi.waitFor(() => expect(dialled[0]?.destroyed).toBe(true), 60_000);
  });

  test('that would be made again is not when its time is over', async () => {
    const { agent, asked } = await agentOf({}, {}, (socket, nth) => {
      if (nth === 1) socket.write(OK);
      else socket.destroy();
    });
    await ask(agent);
    vi.spyOn(performance, 'now').mockReturnValueOnce(0).mockReturnValue(CALL.timeoutMs);
    await expect(ask(agent)).rejects.toMatchObject({ code: 'unavailable', detail: 'connection_lost' });
    expect(asked()).toBe(2);
  });

  test('says when KMS answered, where it does', async () => {
    const date = 'Mon, 23 Nov 2026 12:00:00 GMT';
    const { agent } = await agentOf({}, {}, (socket, nth) =>
      socket.write(nth === 1 ? OK.replace('\r\n\r\n', `\r\ndate: ${date}\r\n\r\n`) : OK),
    );
    expect(await ask(agent)).toEqual({ status: 200, body: Buffer.from('ok'), date: Date.parse(date) });
    expect(await ask(agent)).toEqual({ status: 200, body: Buffer.from('ok'), date: null });
  });

  test('reads 64 KiB and no more, and closes a connection that sends more', async () => {
    const { agent, dialled } = await agentOf({}, {}, (socket, nth) => {
      const body = 'x'.repeat(64 * 1024 + nth - 1);
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    });
    expect((await ask(agent)).body).toHaveLength(64 * 1024);
    await expect(ask(agent)).rejects.toMatchObject({ detail: 'answer_incomplete' });
    await vi.waitFor(() => expect(dialled[0]?.destroyed).toBe(true), 60_000);
  });

  test('sends its length in bytes, and what it is given, and nothing of its own but how the connection goes on', async () => {
    let got = '';
    const { agent } = await agentOf({}, {}, (socket, _nth, request) => {
      got += String(request);
      socket.write(OK);
    });
    await exchange(agent, { headers: { host: HOST, 'x-a': 'b' }, body: '"é"', timeoutMs: 5_000 });
    expect(got.split('\r\n')).toEqual([
      'POST / HTTP/1.1',
      `host: ${HOST}`,
      'x-a: b',
      'content-length: 4',
      'Connection: keep-alive',
      '',
      '"é"',
    ]);
  });
});
