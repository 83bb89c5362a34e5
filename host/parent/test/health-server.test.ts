// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HealthServer } from '../src/health-server.ts';

let serving = true;
let server: HealthServer;
let url: string;
beforeEach(async () => {
  serving = true;
  server = new HealthServer(() => serving);
  url = `http://127.0.0.1:${await server.listen('127.0.0.1', 0)}`;
});
afterEach(() => server.close());

test('says 200 while an enclave serves and 503 when none does, and not a word more', async () => {
  const well = await fetch(`${url}/health`);
  expect([well.status, await well.text()]).toEqual([200, '']);
  serving = false;
  const ill = await fetch(`${url}/health`);
  expect([ill.status, await ill.text()]).toEqual([503, '']);
});

test.each([
  ['GET', '/enclaves'],
  ['POST', '/decrypt'],
  ['POST', '/attestation'],
  ['POST', '/health'],
  ['GET', '/health?x'],
  ['GET', '/'],
])('has no %s %s', async (method, path) => {
  expect((await fetch(url + path, { method })).status).toBe(404);
});

test('closes with clients connected', async () => {
  await fetch(`${url}/health`);
  await server.close();
  await expect(fetch(`${url}/health`)).rejects.toThrow();
});
