// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseErrorAnswer, type Refusal } from '@enclave-vault/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { createHttpServer } from '../../src/adapters/http-server.ts';
import { Admission } from '../../src/core/admission.ts';
import { Refused } from '../../src/errors.ts';
import type { Call, Reply } from '../../src/ports.ts';
import { watchTimers } from '../support/timers.ts';

const folder = mkdtempSync(join(tmpdir(), 'ev-'));
const socketPath = join(folder, 's');
let handle: (call: Call) => Promise<Reply>;
const server = createHttpServer((call) => handle(call));

beforeAll(async () => {
  await once(server.listen(socketPath), 'listening');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});
afterEach(() => vi.restoreAllMocks());
beforeEach(() => {
  handle = async (call) => ({ kind: 'bytes', type: 'text/plain', body: await call.body(1_000, 300) });
});

/** Turns what a body does into a refusal, as the program does. */
const refusing = async (call: Call): Promise<Reply> => {
  try {
    return { kind: 'bytes', type: 'text/plain', body: await call.body(1_000, 300) };
  } catch (error) {
    return { kind: 'refusal', code: error instanceof Refused ? error.code : 'internal' };
  }
};

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

function send(body: Uint8Array, headers: Record<string, string> = {}, agent?: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method: 'POST', path: '/p', headers, agent }, async (answer) => {
      const body = Buffer.concat(await answer.toArray());
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body });
    });
    call.on('error', reject);
    call.end(body);
  });
}

const forever = new Promise<never>(() => undefined);

/** Bytes as they are, on a connection of their own; what comes back first, or '' where it ends or `until` comes before that. */
async function raw(bytes: string, until: Promise<unknown> = forever): Promise<string> {
  const socket = connect(socketPath);
  let got = '';
  socket.on('data', (chunk) => {
    got += chunk;
  });
  socket.on('error', () => undefined);
  socket.write(bytes);
  await Promise.race([once(socket, 'close'), once(socket, 'data'), until]);
  socket.destroy();
  return got;
}

test('a call is handed over with its method, its path and whom it comes from', async () => {
  const seen: unknown[] = [];
  handle = async ({ method, path, peer }) => {
    seen.push([method, path, peer]);
    return { kind: 'empty' };
  };
  await send(Buffer.alloc(0));
  // A parent that names no host is answered too: there is only one here.
  expect(await raw('GET /v1/health?x=1 HTTP/1.1\r\n\r\n')).toContain('204');
  expect(seen).toEqual([
    ['POST', '/p', 0],
    ['GET', '/v1/health?x=1', 0],
  ]);
});

describe('replies', () => {
  test('bytes come with type and length, and the connection stays', async () => {
    const { status, headers, body } = await send(Buffer.from('hello'));
    expect([status, String(body), headers['content-length'], headers['content-type']]).toEqual([
      200,
      'hello',
      '5',
      'text/plain',
    ]);
    expect(headers.connection).toBe('keep-alive');
  });

  test('empty is 204', async () => {
    handle = async () => ({ kind: 'empty' });
    expect(await send(Buffer.alloc(0))).toMatchObject({ status: 204, body: Buffer.alloc(0) });
  });

  test.each<[Refusal, number]>([
    ['malformed', 400],
    ['unauthenticated', 403],
    ['kms_denied', 403],
    ['not_found', 404],
    ['expired', 409],
    ['repeated', 409],
    ['no_configuration', 409],
    ['too_large', 413],
    ['internal', 500],
    ['busy', 503],
    ['kms_unavailable', 503],
    ['timed_out', 504],
  ])('%s is %i, and says no more than its code', async (code, expected) => {
    handle = async () => ({ kind: 'refusal', code });
    const { status, headers, body } = await send(Buffer.from('x'));
    expect(status).toBe(expected);
    expect(parseErrorAnswer(body)).toBe(code);
    expect(headers['content-type']).toBe('application/cbor');
    expect(headers['retry-after']).toBe(expected === 503 ? '1' : undefined);
  });

  test('a handler that throws closes the connection and leaves the server', async () => {
    handle = async () => {
      throw new Error('secret');
    };
    await expect(send(Buffer.from('x'))).rejects.toMatchObject({ code: 'ECONNRESET' });
    handle = refusing;
    expect((await send(Buffer.from('x'))).status).toBe(200);
  });
});

describe('bodies', () => {
  beforeEach(() => {
    handle = refusing;
  });

  test('of the limit, and of one more', async () => {
    expect((await send(Buffer.alloc(1_000))).status).toBe(200);
    expect((await send(Buffer.alloc(1_001))).status).toBe(413);
  });

  test('of unknown length are counted', async () => {
    const chunk = `3e8\r\n${'a'.repeat(1_000)}\r\n`;
    const head = 'POST /p HTTP/1.1\r\nhost: e\r\ntransfer-encoding: chunked\r\n\r\n';
    expect(await raw(`${head}${chunk}0\r\n\r\n`)).toContain('200 OK');
    expect(await raw(`${head}${chunk}${chunk}`)).toContain('413');
  });

  test('declared as too large are refused before a byte of them is there', async () => {
    const timers = watchTimers(300);
    expect(await raw('POST /p HTTP/1.1\r\nhost: e\r\ncontent-length: 1001\r\n\r\n')).toContain('413');
    expect([timers.set(), timers.left()]).toEqual([1, 0]);
  });

  test('leave no timer behind, whether they come or break off', async () => {
    const timers = watchTimers(300);
    await send(Buffer.from('x'));
    expect([timers.set(), timers.left()]).toEqual([1, 0]);
    const begun = vi.waitFor(() => expect(timers.set()).toBe(2), 60_000);
    await raw(`POST /p HTTP/1.1\r\nhost: e\r\ncontent-length: 10\r\n\r\nabc`, begun);
    await vi.waitFor(() => expect([timers.set(), timers.left()]).toEqual([2, 0]), 60_000);
  });

  test('too slow are given up', async () => {
    expect(await raw('POST /p HTTP/1.1\r\nhost: e\r\ncontent-length: 10\r\n\r\nabc')).toContain('504');
  });

  test('far too large get their answer, however long it takes to send them, and the connection is of use afterwards', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < 3; i++) {
      expect((await send(Buffer.alloc(20 * 1024 * 1024), {}, agent)).status).toBe(413);
      expect((await send(Buffer.from('x'), {}, agent)).status).toBe(200);
    }
    agent.destroy();
  });

  test('that break off are malformed, and hold nothing', async () => {
    const seen = Promise.withResolvers<Refusal>();
    const begun = Promise.withResolvers<void>();
    handle = async (call) => {
      const answer = refusing(call);
      begun.resolve();
      const reply = await answer;
      if (reply.kind === 'refusal') seen.resolve(reply.code);
      return reply;
    };
    await raw('POST /p HTTP/1.1\r\nhost: e\r\ncontent-length: 10\r\n\r\nabc', begun.promise);
    expect(await seen.promise).toBe('malformed');
  });
});

describe('connections that break while their calls wait', () => {
  const WHOLE = 'POST /p HTTP/1.1\r\nhost: e\r\ncontent-length: 3\r\n\r\nabc';
  const PART = 'POST /p HTTP/1.1\r\nhost: e\r\ncontent-length: 10\r\n\r\nabc';

  test.each([
    ['whole', WHOLE],
    ['a part', PART],
  ])('have no body to wait for, though it had come (%s)', async (_, bytes) => {
    const timers = watchTimers(300);
    const seen = Promise.withResolvers<Reply>();
    const begun = Promise.withResolvers<void>();
    handle = async (call) => {
      const gone = new Promise<void>((resolve) => call.whenGone(resolve));
      begun.resolve();
      await gone;
      const reply = await refusing(call);
      seen.resolve(reply);
      return reply;
    };
    const socket = connect(socketPath).on('error', () => undefined);
    socket.write(bytes);
    await begun.promise;
    socket.destroy();
    expect(await seen.promise).toEqual({ kind: 'refusal', code: 'malformed' });
    expect([timers.set(), timers.left()]).toEqual([1, 0]);
  });

  test('hold no place, neither in the queue nor when their turn would be', async () => {
    const admission = new Admission(systemClock(), { running: 2, waiting: 4 });
    const held = Promise.withResolvers<void>();
    const become = (counts: number[]): Promise<void> =>
      vi.waitFor(() => expect([admission.running, admission.waiting]).toEqual(counts), { timeout: 60_000 });
    // A body may take a minute: whoever waited for that would not be done here.
    const reading = (call: Call) => async (): Promise<Reply> => {
      return { kind: 'bytes', type: 'text/plain', body: await call.body(1_000, 60_000) };
    };
    handle = (call) => admission.run(60_000, () => held.promise.then(reading(call)), call.whenGone);
    const running = [send(Buffer.from('1')), send(Buffer.from('2'))];
    await become([2, 0]);
    const sockets = [WHOLE, PART, WHOLE, PART].map((bytes) => {
      const socket = connect(socketPath).on('error', () => undefined);
      socket.write(bytes);
      return socket;
    });
    await become([2, 4]);
    for (const socket of sockets) socket.destroy();
    await become([2, 0]);
    const next = send(Buffer.from('3'));
    await become([2, 1]);
    held.resolve();
    expect((await Promise.all([...running, next])).map(({ body }) => String(body))).toEqual(['1', '2', '3']);
    await become([0, 0]);
  });
});

describe('hostile connections', () => {
  beforeEach(() => {
    handle = refusing;
  });

  test.each([
    ['no HTTP', 'hello\r\n\r\n', '400'],
    ['headers beyond 8 KiB', `GET / HTTP/1.1\r\nhost: e\r\nx: ${'a'.repeat(9_000)}\r\n\r\n`, '431'],
    ['two lengths', 'POST /p HTTP/1.1\r\nhost: e\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab', '400'],
    [
      'length and chunks',
      'POST /p HTTP/1.1\r\nhost: e\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      '400',
    ],
  ])('%s', async (_, bytes, status) => {
    expect(await raw(bytes)).toContain(`HTTP/1.1 ${status}`);
  });

  test('a hundred idle ones do not matter', async () => {
    const idle = Array.from({ length: 100 }, () => connect(socketPath));
    await Promise.all(idle.map((socket) => once(socket, 'connect')));
    expect((await send(Buffer.from('x'))).status).toBe(200);
    for (const socket of idle) socket.destroy();
  });
});

test('the caller’s address is asked for when the program wants it, and not before', async () => {
  const other = createHttpServer(
    async ({ peer }) => ({ kind: 'bytes', type: 'text/plain', body: Buffer.from(String(peer)) }),
    (socket) => (socket.destroyed ? -1 : 3),
  );
  const path = join(folder, 'peer');
  await once(other.listen(path), 'listening');
  const answer = await new Promise<string>((resolve) => {
    request({ socketPath: path, agent: false }, async (response) =>
      resolve(String(Buffer.concat(await response.toArray()))),
    ).end();
  });
  expect(answer).toBe('3');
  other.close();
});
