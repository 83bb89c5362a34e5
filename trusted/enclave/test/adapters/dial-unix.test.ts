// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dialUnix } from '../../src/adapters/dial-unix.ts';

const folder = mkdtempSync(join(tmpdir(), 'ev-'));
const path = join(folder, 's');
const server = createServer((socket) => socket.pipe(socket));
beforeAll(() => once(server.listen(path), 'listening'));
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

test('a socket that somebody listens on is dialled, and what becomes of it later is its user’s to hear', async () => {
  const stream = await dialUnix(path)(1_000);
  if (!(stream instanceof Socket)) throw new Error('no socket');
  expect(stream.listenerCount('error')).toBe(0);
  stream.end('over the relay');
  expect(String(Buffer.concat(await stream.toArray()))).toBe('over the relay');
});

test('one that nobody listens on is an error at once', async () => {
  await expect(dialUnix(join(folder, 'none'))(1_000)).rejects.toMatchObject({ code: 'ENOENT' });
});
