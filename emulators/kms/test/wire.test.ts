// SPDX-License-Identifier: Apache-2.0
import { request as httpRequest } from 'node:http';
import { Agent } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { connect } from 'node:tls';
import { ListKeysCommand } from '@aws-sdk/client-kms';
import { describe, expect, it } from 'vitest';
import { errorOf, REGION, role, testEmulator } from './support/emulator.ts';
import { type Reply, type Sent, send as sendTo } from './support/send.ts';
import { amzDate, type Signing, sign } from './support/sign.ts';

const admin = role('admin');
const withToken = { ...role('session'), sessionToken: 'the token' };
const emulator = await testEmulator([admin, withToken]);
const [{ port } = { port: 0 }] = emulator.endpoints;
const agent = new Agent({ keepAlive: true, ca: emulator.ca });

const signed = (body: string | Buffer = '{}', options: Signing = {}): Sent => ({
  headers: sign(admin, body, options),
  body,
});

const send = (request: Sent, options: { method?: string; path?: string } = {}) =>
  sendTo(port, agent, request, options);
const typeOf = async (reply: Promise<Reply>) => (await reply).body.__type;

/** A raw TLS connection: what comes back until it is closed. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ca: emulator.ca, servername: 'localhost' });
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(answer));
    socket.end(text);
  });
}

describe('the wire', () => {
  it('carries AWS JSON 1.1', async () => {
    const reply = await send(signed());
    expect(reply.status).toBe(200);
    expect(reply.headers['content-type']).toBe('application/x-amz-json-1.1');
    expect(reply.headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/);
    expect(reply.body).toEqual({ Keys: [], Truncated: false });
  });

  it.each(['x-amz-target', 'x-amz-date', 'host', 'content-type'])('refuses an altered %s', async (name) => {
    const good = signed();
    const other =
      { 'x-amz-target': 'TrentService.CreateKey', 'x-amz-date': '20200101T000000Z' }[name] ?? '127.0.0.1';
    const altered = { ...good, headers: { ...good.headers, [name]: other } };
    expect(await send(altered)).toMatchObject({ status: 400, body: { __type: 'InvalidSignatureException' } });
  });

  it('refuses an altered body, and an altered declared hash of it', async () => {
    const good = signed('{"Limit":5}');
    expect(await typeOf(send({ ...good, body: '{"Limit":6}' }))).toBe('InvalidSignatureException');
    const headers = { ...good.headers, 'x-amz-content-sha256': '0'.repeat(64) };
    expect(await typeOf(send({ ...good, headers }))).toBe('InvalidSignatureException');
  });

  it('takes a replay for five minutes and not with another date', async () => {
    const good = signed();
    expect((await send(good)).status).toBe(200);
    expect((await send(good)).status).toBe(200);
    const later = amzDate(Date.now() + 60_000);
    const redated = { ...good, headers: { ...good.headers, 'x-amz-date': later } };
    expect(await typeOf(send(redated))).toBe('InvalidSignatureException');
    emulator.shift(6 * 60_000);
    expect(await typeOf(send(good))).toBe('InvalidSignatureException');
    emulator.shift(-6 * 60_000);
  });

  it('refuses another Region’s or service’s scope', async () => {
    const good = signed();
    for (const [from, to] of [
      [REGION, 'us-east-1'],
      ['/kms/', '/s3/'],
    ] as const) {
      const authorization = good.headers.authorization?.replace(from, to) ?? '';
      const reply = send({ ...good, headers: { ...good.headers, authorization } });
      expect(await typeOf(reply)).toBe('InvalidSignatureException');
    }
  });

  it('knows session tokens', async () => {
    const call = (principal: typeof withToken | typeof admin) =>
      errorOf(emulator.client(principal).send(new ListKeysCommand({})));
    expect(await call(withToken)).toBe('none');
    const { sessionToken: _, ...without } = withToken;
    expect(await call(without)).toBe('UnrecognizedClientException');
    expect(await call({ ...withToken, sessionToken: 'another' })).toBe('UnrecognizedClientException');
    expect(await call({ ...admin, sessionToken: 'the token' })).toBe('UnrecognizedClientException');
    expect(await call({ ...admin, secretAccessKey: 'wrong' })).toBe('InvalidSignatureException');
    expect(await call(role('unknown'))).toBe('UnrecognizedClientException');
    const { authorization: __, ...headers } = signed().headers;
    expect(await typeOf(send({ headers, body: '{}' }))).toBe('MissingAuthenticationTokenException');
  });

  it('says what is wrong with a request', async () => {
    const good = signed();
    expect(await typeOf(send(good, { method: 'PUT' }))).toBe('UnknownOperationException');
    expect(await typeOf(send(good, { path: '/?a=b' }))).toBe('UnknownOperationException');
    const target = (name: string) => ({ ...good, headers: { ...good.headers, 'x-amz-target': name } });
    expect(await typeOf(send(target('TrentService.__proto__')))).toBe('UnknownOperationException');
    expect(await typeOf(send(target('DynamoDB.ListTables')))).toBe('UnknownOperationException');
  });

  it.each<[string, string | Buffer, string | undefined]>([
    ['not JSON', '{', 'SerializationException'],
    ['invalid UTF-8', Buffer.from('{"Marker":"\xff"}', 'latin1'), 'SerializationException'],
    ['a list', '[]', 'SerializationException'],
    ['a string', '"x"', 'SerializationException'],
    ['null', 'null', 'SerializationException'],
    ['a wrong type', '{"Limit":"5"}', 'SerializationException'],
    ['a fraction', '{"Limit":1.5}', 'SerializationException'],
    ['an empty body', '', undefined],
    ['an unknown member', '{"New":1,"__proto__":{"Limit":-1}}', undefined],
  ])('reads a body with %s', async (_, body, type) => {
    expect(await typeOf(send(signed(body)))).toBe(type);
  });

  it('does not read more than 512 KiB', async () => {
    const good = signed();
    const headers = { ...good.headers, 'content-length': String(600 * 1024) };
    const large = send({ headers, body: 'x'.repeat(600 * 1024) }).catch(
      (error: NodeJS.ErrnoException) => error.code,
    );
    // The answer may be overtaken by the closing of the connection.
    expect(await large).toSatisfy(
      (reply) => reply === 'EPIPE' || reply === 'ECONNRESET' || (reply as Reply).status === 413,
    );
    expect((await send(good)).status).toBe(200);
  });

  it('survives what is no HTTP', async () => {
    expect(await raw('nonsense\r\n\r\n')).toContain('400 Bad Request');
    expect(await raw(`POST / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toContain('431');
    expect(await raw('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12')).not.toContain('200');
    const plain = new Promise<string>((resolve) => {
      httpRequest({ host: '127.0.0.1', port })
        .once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
        .end();
    });
    expect(await plain).toBe('ECONNRESET');
    connectTcp(port, '127.0.0.1').end('x');
    expect((await send(signed())).status).toBe(200);
  });

  it('is TLS that only clients with the authority’s certificate take', async () => {
    const names = ['localhost', `kms.${REGION}.vault.internal`];
    for (const servername of names) {
      const authorized = await new Promise((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port, ca: emulator.ca, servername }, () => {
          resolve(socket.authorized);
          socket.end();
        });
        socket.once('error', reject);
      });
      expect(authorized).toBe(true);
    }
    const refused = (options: object) =>
      new Promise((resolve) => {
        const socket = connect({ host: '127.0.0.1', port, ...options }, () => resolve('accepted'));
        socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
      });
    expect(await refused({ servername: 'localhost' })).toMatch(/SELF_SIGNED|UNABLE_TO/);
    expect(await refused({ ca: emulator.ca, servername: 'kms.us-east-1.vault.internal' })).toBe(
      'ERR_TLS_CERT_ALTNAME_INVALID',
    );
    expect(await refused({ ca: emulator.ca, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' })).not.toBe(
      'accepted',
    );
  });
});
