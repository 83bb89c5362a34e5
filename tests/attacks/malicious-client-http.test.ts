// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LocalVault } from '../support/local-vault.ts';
import { exchange, problemCode, statuses } from '../support/raw-http.ts';
import { SlowConnections } from '../support/slow-connections.ts';
import { describeSlowTexts } from './malicious-client-expressions.ts';

/** Actor: malicious client. He reaches the port of the running API, and sends what he likes. Afterwards the same process serves on. */
let vault: LocalVault;
let port: number;
let key: string;
let id: string;
let apiPid: number;
let slow: SlowConnections;
beforeAll(async () => {
  vault = await LocalVault.start();
  port = Number(new URL(vault.url).port);
  key = vault.adminKey;
  const made = await vault.call('POST', '/v1/vaults', { first_name: 'Zebulon', dob: '1971-03-05' });
  id = String(made.json.id);
  apiPid = await pidOfApi();
  slow = new SlowConnections(port, head);
});
afterAll(() => vault?.stop());
afterEach(async () => {
  const started = performance.now();
  expect((await vault.call('GET', '/health', undefined, { key: null })).status).toBe(200);
  expect(performance.now() - started).toBeLessThan(8_000);
});

const pidOfApi = async () => Number(((await vault.control('/pids')) as { api?: number }).api);
const head = (line: string, ...more: string[]) =>
  [`${line} HTTP/1.1`, 'Host: localhost', `Authorization: Bearer ${key}`, ...more, '', ''].join('\r\n');
const raw = (...parts: (string | Buffer)[]) => exchange(port, 10_000, ...parts);
const post = (body: string | Buffer) => {
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  return raw(head('POST /v1/vaults', 'Content-Type: application/json', length, 'Connection: close'), body);
};

it('1,000 idle connections keep nobody out', async () => {
  await Promise.all(slow.idle.map(({ opened }) => opened));
  const started = performance.now();
  expect((await vault.call('POST', '/v1/vaults', { city: 'Graz' })).status).toBe(201);
  expect(performance.now() - started).toBeLessThan(8_000);
});

describe('a body', () => {
  const MARK = 'Marked-Value-7391';
  const deep = (open: string, close: string, levels = 20_000) =>
    `{"city":${open.repeat(levels)}1${close.repeat(levels)}}`;
  it.each<[string, string | Buffer, number, string]>([
    ['that is no JSON', `{"city":"${MARK}"`, 400, 'json_invalid'],
    ['of deep lists', deep('[', ']'), 400, 'json_too_deep'],
    ['of deep objects', deep('{"a":', '}'), 400, 'json_too_deep'],
    ['with a name twice', `{"city":"${MARK}","city":"x"}`, 400, 'json_duplicate_name'],
    [
      'with a name twice, once in disguise',
      `{"city":"${MARK}","\\u0063ity":"x"}`,
      400,
      'json_duplicate_name',
    ],
    ['with __proto__', `{"__proto__":{"city":"${MARK}"}}`, 400, 'json_forbidden_name'],
    ['with __proto__ in disguise', `{"\\u005f_proto__":{"city":"${MARK}"}}`, 400, 'json_forbidden_name'],
    ['with a constructor', `{"constructor":{"prototype":{"city":"${MARK}"}}}`, 400, 'json_forbidden_name'],
    ['in UTF-16', Buffer.from(`{"city":"${MARK}"}`, 'utf16le'), 400, 'json_invalid'],
    ['with a byte order mark', Buffer.from(`\ufeff{"city":"${MARK}"}`), 400, 'json_invalid'],
    [
      'of broken UTF-8',
      Buffer.from([...Buffer.from('{"city":"'), 0xc3, 0x28, ...Buffer.from('"}')]),
      400,
      'json_not_utf8',
    ],
    [
      'of overlong UTF-8',
      Buffer.from([...Buffer.from('{"city":"'), 0xc0, 0xaf, ...Buffer.from('"}')]),
      400,
      'json_not_utf8',
    ],
    [
      'of surrogates in UTF-8',
      Buffer.from([...Buffer.from('{"city":"'), 0xed, 0xa0, 0x80, ...Buffer.from('"}')]),
      400,
      'json_not_utf8',
    ],
    ['with half a surrogate pair', `{"city":"${MARK}\\ud800"}`, 400, 'json_invalid'],
    ['of a number that is none', '{"city":1e999}', 422, 'invalid'],
    ['of NaN', '{"city":NaN}', 400, 'json_invalid'],
    ['that is a list', `["${MARK}"]`, 422, 'invalid'],
    ['that is text', `"${MARK}"`, 422, 'invalid'],
    ['that is null', 'null', 422, 'invalid'],
    ['with null for a value', '{"city":null}', 422, 'invalid'],
    ['with a list for a value', `{"city":["${MARK}"]}`, 422, 'invalid'],
    ['with a member that there is not', `{"town":"${MARK}"}`, 422, 'invalid'],
    ['with a value of 1 MB', `{"city":"${'x'.repeat(1_000_000)}"}`, 422, 'invalid'],
    [
      'with 100,000 members',
      `{${Array.from({ length: 70_000 }, (_, n) => `"m${n}":0`).join(',')}}`,
      422,
      'invalid',
    ],
    ['over 1 MiB', `{"city":"${'x'.repeat(1_048_600)}"}`, 413, 'body_too_large'],
    ['with a NUL', `{"city":"${MARK}\0"}`, 400, 'json_invalid'],
  ])('%s is refused, and not repeated', async (_, body, status, code) => {
    const answer = await post(body);
    expect([statuses(answer), problemCode(answer)]).toEqual([[status], code]);
    expect(answer).not.toContain(MARK);
    expect(answer).toMatch(/content-type: application\/problem\+json/i);
  });

  it('that is said to be longer than may be is not waited for', async () => {
    const started = performance.now();
    const length = 'Content-Length: 999999999999';
    const asked = head('POST /v1/vaults', 'Content-Type: application/json', length);
    // Who waited for the body would close after 15 s, when its time is over.
    const answer = await exchange(port, 60_000, asked);
    expect(statuses(answer)).toEqual([413]);
    expect(performance.now() - started).toBeLessThan(12_000);
  });

  it('without end, in chunks, is ended', async () => {
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const answer = await raw(
      head('POST /v1/vaults', 'Content-Type: application/json', 'Transfer-Encoding: chunked'),
      ...Array.from({ length: 40 }, () => chunk),
    );
    expect(statuses(answer)).toEqual([413]);
  });

  it('of any JSON at all is never an error of the server', async () => {
    const known = [
      'fields',
      'reason',
      'purpose',
      'expressions',
      'scopes',
      'expires',
      'delete_all',
      'city',
      'dob',
      'registered',
      'a',
    ];
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3, depthSize: 'small' },
        fc.constantFrom(
          null,
          true,
          false,
          0,
          -1,
          1e21,
          '',
          'city',
          '2000-01-01',
          'general',
          'vaults:read',
          '1 + 1',
          '\u0000',
        ),
        fc.string({ unit: 'binary', maxLength: 12 }),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom(...known), tie('value'), { maxKeys: 5 }),
      ),
    }));
    const routes = [
      ['POST', '/v1/vaults'],
      ['PATCH', `/v1/vaults/${id}`],
      ['DELETE', '/v1/vaults/v_01KASPQ4Z7C3V3R8N4W8Q0W3XH'],
      ['POST', `/v1/vaults/${id}/decrypt`],
      ['POST', '/v1/keys'],
    ] as const;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...routes), value, async ([method, path], body) => {
        const answer = await vault.call(method, path, JSON.stringify(body));
        expect(answer.status).toBeLessThan(500);
        if (answer.status >= 400) expect(answer.json.code).toEqual(expect.stringMatching(/^[a-z_]+$/));
      }),
      { numRuns: 300 },
    );
  });
});

describe('a connection', () => {
  const smuggled = `GET /v1/keys HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer KEY\r\n\r\n`;
  const inner = () => smuggled.replace('KEY', key);

  it.each<[string, string]>([
    ['Content-Length and chunks', 'Content-Length: 6\r\nTransfer-Encoding: chunked'],
    ['chunks and Content-Length', 'Transfer-Encoding: chunked\r\nContent-Length: 6'],
    ['chunks written another way', 'Transfer-Encoding : chunked\r\nContent-Length: 6'],
    ['chunks after a tab', 'Transfer-Encoding:\tchunked\r\nContent-Length: 6'],
    ['chunks among others', 'Transfer-Encoding: identity, chunked\r\nContent-Length: 6'],
    ['chunks folded', 'Transfer-Encoding:\r\n chunked\r\nContent-Length: 6'],
    ['two lengths', 'Content-Length: 0\r\nContent-Length: 6'],
    ['a length with a sign', 'Content-Length: +6'],
    ['a length with a list', 'Content-Length: 6, 6'],
    ['a bare line feed', 'X: y\nTransfer-Encoding: chunked\r\nContent-Length: 6'],
    ['a bare return', 'X: y\rTransfer-Encoding: chunked\r\nContent-Length: 6'],
  ])('with %s carries no second request past the first', async (_, framing) => {
    const answer = await raw(
      head('POST /v1/vaults', 'Content-Type: application/json', framing),
      '0\r\n\r\n',
      inner(),
    );
    expect(statuses(answer)).toEqual([400]);
    expect(answer).not.toContain('"keys"');
  });

  it.each([
    ['a chunk size that is none', 'zz\r\n{}\r\n0\r\n\r\n'],
    ['a negative one', '-1\r\n{}\r\n0\r\n\r\n'],
    ['one beyond all bounds', `${'f'.repeat(17)}\r\n{}\r\n0\r\n\r\n`],
    ['a chunk longer than it says', '2\r\n{}GARBAGE\r\n0\r\n\r\n'],
    ['endless extensions', `2;${'a=b;'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`],
  ])('with %s is refused', async (_, body) => {
    const answer = await raw(
      head('POST /v1/vaults', 'Content-Type: application/json', 'Transfer-Encoding: chunked'),
      body,
    );
    expect(statuses(answer)).toHaveLength(1);
    expect(statuses(answer)[0]).toBeGreaterThanOrEqual(400);
    expect(statuses(answer)[0]).toBeLessThan(500);
  });

  it('with 200 requests in one write answers each in turn, and each by its own key', async () => {
    const one = `GET /v1/vaults/${id} HTTP/1.1\r\nHost: localhost\r\n`;
    const requests = Array.from(
      { length: 200 },
      (_, n) => `${one}${n % 2 === 0 ? `Authorization: Bearer ${key}\r\n` : ''}\r\n`,
    );
    const last = `GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
    const answer = await exchange(port, 60_000, requests.join(''), last);
    expect(statuses(answer)).toEqual([...requests.map((_, n) => (n % 2 === 0 ? 200 : 401)), 200]);
  });

  it.each([
    ['headers of 20 KB', `X: ${'x'.repeat(20_000)}`],
    ['5,000 headers', Array.from({ length: 5_000 }, (_, n) => `X-${n}: x`).join('\r\n')],
  ])('with %s is refused', async (_, more) => {
    expect(statuses(await raw(head('GET /health', more)))).toEqual([431]);
  });

  it.each(['', 'X: a\0b', 'X: a\x0bb', ': x', 'X y: z', '\u00ff: x'])(
    'with a header line of %j is no trouble',
    async (line) => {
      const [status = 400, ...others] = statuses(await raw(head('GET /health', line, 'Connection: close')));
      expect(others).toEqual([]);
      expect([200, 400]).toContain(status);
    },
  );

  it.each([
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'EHLO x\r\n',
    '\0'.repeat(1000),
  ])('that does not speak HTTP (%#) is closed', async (bytes) =>
    expect([[], [400], [505]]).toContainEqual(statuses(await raw(bytes))),
  );
});

describe('a target', () => {
  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '0.0.0.0',
    '2130706433',
    '127.1',
    'localhost:80:80',
    '[::]',
    '',
  ])('by the name %j is not served (DNS rebinding)', async (host) => {
    for (const more of ['', 'X-Forwarded-Host: localhost\r\n']) {
      const answer = await raw(
        `GET /v1/keys HTTP/1.1\r\nHost: ${host}\r\n${more}Authorization: Bearer ${key}\r\nConnection: close\r\n\r\n`,
      );
      expect([400, 421]).toContain(statuses(answer)[0]);
    }
  });

  it('without a host, or with two, is refused', async () => {
    expect(statuses(await raw('GET /health HTTP/1.1\r\n\r\n'))).toEqual([400]);
    expect(statuses(await raw(head('GET /health', 'Host: evil.example', 'Connection: close')))).toEqual([
      400,
    ]);
    expect(statuses(await raw('GET /v1/openapi.json HTTP/1.0\r\n\r\n'))[0]).toBeGreaterThanOrEqual(400);
  });

  it.each([
    ['GET http://evil.example/v1/keys', 421],
    ['GET http://localhost@evil.example/v1/keys', 421],
    ['GET https://localhost.evil.example/v1/keys', 421],
    ['CONNECT localhost:22', 400],
    ['OPTIONS *', 404],
  ])('of the form %s is refused', async (line, status) => {
    expect(statuses(await raw(head(line, 'Connection: close')))[0] ?? 400).toBe(status);
  });

  it.each([
    ...[
      '/../../../etc/passwd',
      '/v1/../../etc/passwd',
      '/v1/swagger/../../../package.json',
      '/v1/swagger/static/..%2f..%2fpackage.json',
    ],
    ...[
      '/v1/swagger/static/%2e%2e/%2e%2e/package.json',
      '/v1/swagger/static/....//package.json',
      '/v1//vaults',
      '//v1/keys',
      '/v1/keys/',
    ],
    ...[
      '/V1/keys',
      '/v1/keys;x=y',
      '/v1/keys%00',
      '/v1/keys%20',
      '/v1/%6beys%2f',
      '/.env',
      '/v1/vaults/%2e%2e/keys',
      '/v1/vaults/..',
    ],
    ...[
      '/v1/vaults/%',
      '/v1/vaults/%zz',
      '/v1/vaults/%c3%28',
      '/v1/vaults/v_%F0%9F%92%A9',
      '/v1/vaults/%E2%80%AEv_',
      '/v1/vaults/v_%0d%0aX:y',
    ],
    ...[
      `/v1/vaults/${'v'.repeat(10_000)}`,
      '/v1/vaults/__proto__',
      '/v1/vaults/constructor',
      '/v1/vaults/VAULT%23%23x',
      '/v1/vaults/x%27%20OR%201=1--',
    ],
  ])('of %s leads nowhere', async (path) => {
    const answer = await raw(head(`GET ${path}`, 'Connection: close'));
    expect([400, 404, 414]).toContain(statuses(answer)[0]);
    expect(answer).not.toContain('root:');
    expect(answer).not.toContain('"keys"');
    expect(answer).not.toContain('"workspaces"');
  });

  it.each(['PUT', 'TRACE', 'OPTIONS', 'PROPFIND', 'LOCK', 'QUERY'])(
    'by %s is not allowed',
    async (method) => {
      const override = ['X-HTTP-Method-Override: DELETE', 'X-Method-Override: DELETE', 'Connection: close'];
      const answer = await raw(head(`${method} /v1/vaults/${id}`, ...override));
      expect(statuses(answer)).toEqual([405]);
      expect(statuses(await raw(head(`GET /v1/vaults/${id}?_method=DELETE`, 'Connection: close')))).toEqual([
        422,
      ]);
      expect((await vault.call('GET', `/v1/vaults/${id}`)).status).toBe(200);
    },
  );
});

describeSlowTexts(() => ({ vault, id }));

describe('wrong keys', () => {
  it('are slowed down, and right ones are not', async () => {
    const key = `evk_01KASPQ4Z7C3V3R8N4W8Q0W3XH_${'A'.repeat(43)}`;
    // He says that he is somebody else each time.
    const as = (n: number) => ({ key, headers: { 'x-forwarded-for': `10.0.${n >> 8}.${n & 255}` } });
    const answers = await Promise.all(
      Array.from({ length: 900 }, (_, n) => vault.call('GET', '/v1/keys', undefined, as(n))),
    );
    const codes = answers.map(({ status }) => status);
    expect(new Set(codes)).toEqual(new Set([401, 429]));
    expect(answers.find(({ status }) => status === 429)?.headers.get('retry-after')).toMatch(/^[1-9]/);
    expect((await vault.call('GET', '/v1/keys')).status).toBe(200);
  });
});

describe('at the end', () => {
  it('idle and slow ones were given up: 408, and the connection is closed', async () => {
    const given = await slow.ended();
    expect(given).toEqual(new Map([...given.keys()].map((what) => [what, [408]])));
    expect(given.size).toBe(5);
  });

  it('the same process serves, and nothing of its own failed', async () => {
    expect(await pidOfApi()).toBe(apiPid);
    expect(vault.logged('process_died')).toEqual([]);
    expect(vault.logged('program_error')).toEqual([]);
    const { text } = await vault.call('GET', '/metrics', undefined, { key: null });
    expect(text).not.toMatch(/status="5(?!03)\d\d"/);
    const reveal = { fields: ['first_name'], reason: 'hostile' };
    expect((await vault.call('POST', `/v1/vaults/${id}/decrypt`, reveal)).json.data).toEqual({
      first_name: 'Zebulon',
    });
  });
});
