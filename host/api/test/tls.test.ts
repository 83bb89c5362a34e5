// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { issueCertificate } from '@enclave-vault/emulator-pki';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, startApi } from './harness.ts';

let api: Api;
let port: number;
let ca: string;
beforeAll(async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const now = Date.now();
  ca = issueCertificate({
    subject: 'vault.example.com',
    key: privateKey,
    ca: true,
    keyUsage: ['keyCertSign', 'digitalSignature'],
    san: { dns: ['vault.example.com'], ip: [] },
    notBefore: now - 60_000,
    notAfter: now + 3_600_000,
  }).pem;
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  api = await startApi({ tls: { key, cert: ca }, allowedHosts: ['vault.example.com'] });
  port = await api.listen();
});
afterAll(() => api.stop());

function get(
  options: https.RequestOptions,
  over: typeof http | typeof https = https,
): Promise<number | string> {
  return new Promise((resolve) => {
    const all = {
      port,
      host: '127.0.0.1',
      path: '/health',
      servername: 'vault.example.com',
      ca,
      agent: false,
      ...options,
    };
    const request = over.request(all, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    request.end();
  });
}

test('speaks TLS, for the hosts it was told of', async () => {
  expect(await get({ headers: { host: `vault.example.com:${port}` } })).toBe(200);
  expect(await get({ headers: { host: 'other.example.com' } })).toBe(421);
});

test('takes no plain HTTP and no TLS before 1.2', async () => {
  expect(await get({}, http)).toBe('ECONNRESET');
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
  expect(await get({ ...old, headers: { host: 'vault.example.com' } })).toMatch(/TLS|SSL|EPROTO|ECONNRESET/);
});
