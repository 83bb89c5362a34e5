// SPDX-License-Identifier: Apache-2.0
import net from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { RESPONSE_HEADERS } from '../src/http/headers.ts';
import { until } from './batch/gate.ts';
import { type Api, startApi } from './harness.ts';

/** Only what the server leaves open takes as long: a busy machine is slow, and no other answer than a quick one. */
const PATIENCE_MS = 15_000;

let api: Api;
let port: number;
/** For what does not come: a busy machine takes longer than this for what does. */
let hasty: Api;
let hastyPort: number;
beforeAll(async () => {
  api = await startApi({ timeouts: { keepAlive: 300 } });
  port = await api.listen();
  hasty = await startApi({ timeouts: { headers: 400, request: 600, check: 50 } });
  hastyPort = await hasty.listen();
});
afterAll(async () => void (await Promise.all([api.stop(), hasty.stop()])));
/** Whatever was thrown at it, the server goes on. */
afterEach(async () => {
  expect(statusOf(await raw(`GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`))).toBe(
    200,
  );
});

const raw = (...parts: (string | Buffer)[]) => rawTo(api, port, ...parts);

/** Sends bytes and returns all that comes back until the connection is closed, or for so long that nothing more will. */
function rawTo({ admin }: Api, to: number, ...parts: (string | Buffer)[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(to, '127.0.0.1');
    const chunks: Buffer[] = [];
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(Buffer.concat(chunks).toString('latin1'));
    };
    const timer = setTimeout(finish, PATIENCE_MS);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('close', finish);
    socket.on('error', () => undefined);
    for (const part of parts)
      socket.write(typeof part === 'string' ? part.replaceAll('Bearer ADMIN', `Bearer ${admin}`) : part);
  });
}

const statusOf = (answer: string) => Number(answer.split(' ', 2)[1]);
const codeOf = (answer: string) => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)).code;
const head = (more: string, line = 'POST /v1/vaults') =>
  `${line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ADMIN\r\nConnection: close\r\n${more}\r\n`;
const headOf = (body: string | Buffer, type = 'application/json') =>
  head(`Content-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`);
const post = (body: string | Buffer, type?: string) => raw(headOf(body, type), body);

/** Connects so many times and says nothing. @returns the connections, and the end of each */
async function idle(to: number, count: number) {
  const sockets = Array.from({ length: count }, () => net.connect(to, '127.0.0.1').resume());
  for (const socket of sockets) socket.on('error', () => undefined);
  const closed = Promise.all(
    sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve))),
  );
  await Promise.all(
    sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))),
  );
  return { sockets, closed };
}
const connections = ({ app }: Api) =>
  new Promise<number>((resolve, reject) =>
    app.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );

describe('bodies', () => {
  test.each<[string, string | Buffer, number, string]>([
    ['not JSON', 'hello', 400, 'json_invalid'],
    ['cut off', '{"email":', 400, 'json_invalid'],
    ['a name twice', '{"city":"a","city":"b"}', 400, 'json_duplicate_name'],
    ['a name twice, escaped', '{"city":"a","\\u0063ity":"b"}', 400, 'json_duplicate_name'],
    ['__proto__', '{"__proto__":{"city":"x"}}', 400, 'json_forbidden_name'],
    ['constructor', '{"constructor":{"prototype":{"admin":true}}}', 400, 'json_forbidden_name'],
    ['deep', '['.repeat(100_000), 400, 'json_too_deep'],
    ['deep objects', '{"a":'.repeat(50_000), 400, 'json_too_deep'],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d]), 400, 'json_not_utf8'],
    ['UTF-16', Buffer.from('{"city":"x"}', 'utf16le'), 400, 'json_invalid'],
    ['a lone surrogate', '{"city":"\\ud800"}', 400, 'json_invalid'],
    ['a list', '[]', 422, 'invalid'],
    ['text', '"x"', 422, 'invalid'],
    ['a number', '1e999', 422, 'invalid'],
    ['null', 'null', 422, 'invalid'],
    ['wrong types', '{"email":["x"],"city":{"a":1},"dob":true,"state":1e400}', 422, 'invalid'],
    ['100,000 members', `{${Array.from({ length: 70_000 }, (_, i) => `"a${i}":1`).join()}}`, 422, 'invalid'],
    ['over 1 MiB', `{"city":"${'x'.repeat(1024 * 1024)}"}`, 413, 'body_too_large'],
    ['a value over its limit', `{"city":"${'x'.repeat(900_000)}"}`, 422, 'invalid'],
  ])('%s', async (_what, body, status, code) => {
    const answer = await post(body);
    expect([statusOf(answer), codeOf(answer)]).toEqual([status, code]);
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/cbor',
    'x',
  ])('%s is 415', async (type) => expect(statusOf(await post('{}', type))).toBe(415));

  test.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])(
    '%s is taken',
    async (type) => expect(statusOf(await post('{}', type))).toBe(201),
  );

  test.each(['gzip', 'br', 'deflate', 'zstd', 'identity, gzip', 'gzip\r\nContent-Encoding: identity', 'x'])(
    'Content-Encoding: %s is 415 on every route, whatever the body is',
    async (coding) => {
      const more = `Content-Encoding: ${coding}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n`;
      const lines = [
        'POST /v1/vaults',
        'POST /v1/vaults:batch',
        'PATCH /v1/vaults/v_1',
        'POST /v1/keys',
        'GET /health',
      ];
      for (const line of lines) {
        const answer = await raw(head(more, line), '{}');
        expect([statusOf(answer), codeOf(answer)]).toEqual([415, 'content_coding_unsupported']);
        expect(answer).toMatch(/\r\naccept-encoding: identity\r\n/i);
      }
    },
  );

  test('Content-Encoding: identity is none', async () => {
    const more = 'Content-Encoding: Identity\r\nContent-Type: application/json\r\nContent-Length: 2\r\n';
    expect(statusOf(await raw(head(more), '{}'))).toBe(201);
  });

  test.each(['gzip, chunked', 'identity,chunked', 'x, chunked'])(
    'Transfer-Encoding: %s is 501: what stands in the chunks is not read',
    async (coding) => {
      const more = `Transfer-Encoding: ${coding}\r\nContent-Type: application/json\r\n`;
      const answer = await raw(head(more), '2\r\n{}\r\n0\r\n\r\n');
      expect([statusOf(answer), codeOf(answer)]).toEqual([501, 'transfer_coding_unsupported']);
    },
  );

  test('a body without a type is 415, a call without a body 400', async () => {
    expect(statusOf(await raw(head('Content-Length: 2\r\n'), '{}'))).toBe(415);
    expect(codeOf(await raw(head('Content-Length: 0\r\n')))).toBe('body_required');
    expect(codeOf(await raw(head('Content-Type: application/json\r\nContent-Length: 0\r\n')))).toBe(
      'body_required',
    );
  });

  test('over 1 MiB in chunks, without a length, is 413 as soon as it is', async () => {
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const answer = await raw(
      head('Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n'),
      ...Array.from({ length: 20 }, () => chunk),
    );
    expect([statusOf(answer), answer.includes('body_too_large')]).toEqual([413, true]);
  });

  test('a body is not read before its caller is known', async () => {
    const answer = await raw(
      'POST /v1/vaults HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 999999999\r\n\r\n',
    );
    expect(codeOf(answer)).toBe('unauthenticated');
  });
});

describe('slow ones', () => {
  test('an answer that nobody takes, or only drop by drop, is not kept for him', async () => {
    const impatient = await startApi({ timeouts: { take: 500, check: 50, headers: 120_000 } });
    const to = await impatient.listen();
    // More than the kernel's buffers hold between the two.
    const asks = 'GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(1_000);
    const callers = ['never', 'slowly'].map((how) => {
      const socket = net.connect(to, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.pause().write(asks);
      const drops = setInterval(() => how === 'slowly' && socket.read(1), 20);
      return { socket, end: () => clearInterval(drops) };
    });
    await until(async () => (await connections(impatient)) === 2);
    // Who takes his answers is not held up by them, nor ended.
    const { text } = await impatient.call('GET', '/v1/openapi.json', { token: null });
    const [, body = ''] = (
      await rawTo(
        impatient,
        to,
        'GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      )
    ).split('\r\n\r\n');
    expect(Buffer.from(body, 'latin1').toString()).toBe(text);
    await until(async () => (await connections(impatient)) === 0);
    for (const { socket, end } of callers) {
      end();
      socket.destroy();
    }
    await impatient.stop();
  });

  test('a body that does not come is 408', async () => {
    const part = head('Content-Type: application/json\r\nContent-Length: 100\r\n');
    const answer = await rawTo(hasty, hastyPort, part, '{"city":');
    expect([statusOf(answer), codeOf(answer)]).toEqual([408, 'request_timeout']);
  });

  test('headers that do not come are 408', async () => {
    const answer = await rawTo(hasty, hastyPort, 'POST /v1/vaults HTTP/1.1\r\nHost: local');
    expect([statusOf(answer), codeOf(answer)]).toEqual([408, 'request_timeout']);
  });

  test('1,000 idle connections hold nobody up, and are closed in time', async () => {
    // Its limits leave all of them open: they are there when the answer comes.
    const patient = await startApi({ timeouts: { headers: 120_000 } });
    const to = await patient.listen();
    const { sockets } = await idle(to, 1_000);
    expect(statusOf(await rawTo(patient, to, headOf('{"city":"Rome"}'), '{"city":"Rome"}'))).toBe(201);
    // The kernel says that a connection is there a moment before the server has taken it.
    await until(async () => (await connections(patient)) >= 1_000);
    for (const socket of sockets) socket.destroy();
    await patient.stop();

    await (await idle(hastyPort, 1_000)).closed;
  });
});

describe('framing', () => {
  const smuggled = 'GET /v1/keys HTTP/1.1\r\nHost: localhost\r\n\r\n';
  test.each([
    [
      'length and chunks',
      `${head('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n')}0\r\n\r\n${smuggled}`,
    ],
    ['two lengths', `${head('Content-Length: 0\r\nContent-Length: 40\r\n')}${smuggled}`],
    ['two equal lengths', `${head('Content-Length: 2\r\nContent-Length: 2\r\n')}{}`],
    ['a list of lengths', `${head('Content-Length: 0, 40\r\n')}${smuggled}`],
    ['a negative length', head('Content-Length: -1\r\n')],
    ['a length in hexadecimal', head('Content-Length: 0x10\r\n')],
    ['chunked, not last', `${head('Transfer-Encoding: chunked, identity\r\n')}0\r\n\r\n${smuggled}`],
    ['chunked in disguise', `${head('Transfer-Encoding: xchunked\r\n')}0\r\n\r\n`],
    ['chunked twice', `${head('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n')}0\r\n\r\n`],
    ['a space before the colon', head('Content-Length : 5\r\n')],
    ['a folded header', head('X-A: b\r\n c: d\r\n')],
    ['bare line feeds', `GET /health HTTP/1.1\nHost: localhost\n\n`],
    [
      'a bad chunk size',
      `${head('Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n')}zz\r\n{}\r\n0\r\n\r\n`,
    ],
    ['a NUL in a header', head('X-A: a\0b\r\n')],
    ['a tunnel', 'CONNECT other.host:443 HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['HTTP/2 without asking', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['an old version without a host', 'GET /v1/keys HTTP/1.0\r\n\r\n'],
  ])('%s: refused once, and nothing after it is read as a request', async (_what, bytes) => {
    const answer = await raw(bytes);
    const answers = answer.match(/HTTP\/1\.1 \d{3}/g) ?? [];
    expect(answers.length).toBeLessThanOrEqual(1);
    if (answers.length === 1) expect(statusOf(answer)).toBeGreaterThanOrEqual(400);
  });

  test.each([
    ['Host: evil.example', 'header_repeated'],
    ['Authorization: Bearer x', 'header_repeated'],
    ['Content-Type: application/json\r\nContent-Type: text/plain', 'header_repeated'],
    ['Idempotency-Key: a\r\nIdempotency-Key: b', 'header_repeated'],
    ['If-Match: "1"\r\nif-match: "2"', 'header_repeated'],
  ])('%s twice is 400', async (more, code) => expect(codeOf(await raw(head(`${more}\r\n`)))).toBe(code));

  test('two requests on one connection, the second while the first is under way, are answered in turn', async () => {
    const one = head('Content-Type: application/json\r\nContent-Length: 2\r\n').replace(
      'Connection: close\r\n',
      '',
    );
    const answer = await raw(`${one}{}${one}[]`);
    expect(answer.match(/HTTP\/1\.1 (\d{3})/g)).toEqual(['HTTP/1.1 201', 'HTTP/1.1 422']);
  });
});

describe('heads', () => {
  test('headers beyond 16 KiB are 431', async () => {
    expect(codeOf(await raw(head(`X-Bomb: ${'x'.repeat(20_000)}\r\n`)))).toBe('headers_too_large');
    const many = Array.from({ length: 5_000 }, (_, i) => `X-${i}: x\r\n`).join('');
    expect(statusOf(await raw(head(many)))).toBe(431);
  });

  test('a very long URL is refused', async () => {
    expect(statusOf(await raw(head('', `GET /v1/vaults/${'x'.repeat(17_000)}`)))).toBe(431);
    expect(statusOf(await raw(head('', `GET /v1/vaults/${'x'.repeat(2_000)}`)))).toBe(404);
  });

  test.each(['%', '%zz', '%c3%28', '%00', '..%2f..%2fetc', 'v_%F0%9F%92%A9'])(
    'a path of %s is refused',
    async (id) => {
      expect([400, 404]).toContain(statusOf(await raw(head('', `GET /v1/vaults/${id}`))));
    },
  );

  test.each([
    '/v1/swagger/static/%2e%2e/%2e%2e/package.json',
    '/v1/swagger/static/....//package.json',
    '/v1/swagger/static/..%5c..%5cpackage.json',
  ])('a path that climbs out of the reference (%s) is 404, and no error of the program', async (path) => {
    const answer = await raw(head('', `GET ${path}`));
    expect([statusOf(answer), codeOf(answer)]).toEqual([404, 'route_not_found']);
  });

  test.each(['evil.example', 'localhost.evil.example:80', '0.0.0.0', '[::]', 'localhost@evil.example'])(
    'Host: %s is 421 (DNS rebinding)',
    async (host) => {
      const answer = await raw(`GET /health HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      expect([statusOf(answer), codeOf(answer)]).toEqual([421, 'host_not_served']);
    },
  );

  test('an absolute target counts for its own host; the asterisk is no resource', async () => {
    expect(statusOf(await raw(head('', 'GET http://evil.example/health')))).toBe(421);
    expect(statusOf(await raw(head('', 'GET http://localhost@evil.example/health')))).toBe(421);
    expect(statusOf(await raw(head('', 'GET http://localhost:80/health')))).toBe(200);
    expect(statusOf(await raw(head('', 'OPTIONS *')))).toBe(404);
  });

  test.each([
    ['PUT', '/v1/vaults', 'POST'],
    ['GET', '/v1/vaults', 'POST'],
    ['OPTIONS', '/v1/vaults/v_1', 'DELETE, GET, HEAD, PATCH'],
    ['TRACE', '/v1/vaults/v_1/decrypt', 'POST'],
    ['PROPFIND', '/v1/keys', 'GET, HEAD, POST'],
    ['POST', '/health', 'GET, HEAD'],
    ['PURGE', '/metrics', 'GET, HEAD'],
  ])('%s %s is 405 with Allow', async (method, path, allow) => {
    const answer = await raw(head('', `${method} ${path}`));
    expect([statusOf(answer), codeOf(answer)]).toEqual([405, 'method_not_allowed']);
    expect(/allow: (.*)\r\n/i.exec(answer)?.[1]).toBe(allow);
  });

  test('a method that does not exist is 400', async () => {
    expect(statusOf(await raw(head('', 'EVIL /v1/vaults')))).toBe(400);
  });

  test('an expectation that cannot be met is 417, and nothing happens', async () => {
    const answer = await raw(
      head('Expect: the-unexpected\r\nContent-Length: 2\r\nContent-Type: application/json\r\n'),
      '{}',
    );
    expect([statusOf(answer), codeOf(answer)]).toEqual([417, 'expectation_failed']);
  });

  test('100-continue is answered', async () => {
    const answer = await raw(
      head('Expect: 100-continue\r\nContent-Length: 2\r\nContent-Type: application/json\r\n'),
      '{}',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 100 .*HTTP\/1\.1 201 /s);
  });

  test('an upgrade is ignored', async () => {
    expect(
      statusOf(await raw(head('Connection: Upgrade\r\nUpgrade: websocket\r\n', 'GET /health'))),
    ).toBeLessThan(500);
  });
});

test('every answer has the headers, a request id, and no trace of the framework', async () => {
  const answers = await Promise.all([
    raw(head('', 'GET /health')),
    raw(head('', 'GET /nowhere')),
    raw(head('', 'GET /v1/vaults/%zz')),
    raw(head('', 'PUT /v1/vaults')),
    raw('GET / HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n'),
    raw('nonsense\r\n\r\n'),
    raw(head(`X: ${'x'.repeat(20_000)}\r\n`)),
    raw('GET /v1/keys HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'),
    post('{"'),
    post('{}'),
  ]);
  for (const answer of answers) {
    const [lines = ''] = answer.split('\r\n\r\n');
    for (const [name, value] of Object.entries(RESPONSE_HEADERS))
      expect(lines).toContain(`${name}: ${value}`);
    expect(lines).toMatch(/x-request-id: req_[0-9a-f-]{36}/);
    expect(answer).not.toMatch(/fastify|FST_|node|stack/i);
  }
});

test('the log has routes and codes, and nothing that was sent', () => {
  const text = JSON.stringify(api.logged);
  expect(text).toContain('"route":"/v1/vaults"');
  expect(text).not.toContain(api.admin);
  for (const sent of ['Rome', 'evil', 'etc', 'hello', 'xxxx']) expect(text).not.toContain(sent);
  expect(api.logged.filter(({ level }) => level === 'error')).toEqual([]);
});
