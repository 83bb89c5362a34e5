// SPDX-License-Identifier: Apache-2.0
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, startApi } from '../harness.ts';

let api: Api;
let jwt: string;
beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  api = await startApi({
    rates: {
      failures: { burst: 5, perSecond: 0.01 },
      attestations: { burst: 2, perSecond: 0.01 },
      decrypts: { burst: 3, perSecond: 0.01 },
    },
    oidc: [
      {
        issuer: 'https://login.example.com',
        audience: 'vault',
        keys: { jwks: { keys: [await exportJWK(publicKey)] } },
        algorithms: ['ES256'],
        mapping: { tenant: { fixed: 'other' }, scopes: 'scope' },
      },
    ],
  });
  jwt = await new SignJWT({ sub: 'ada', scope: 'vaults:create vaults:read audit:read' })
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer('https://login.example.com')
    .setAudience('vault')
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(privateKey);
});
afterAll(() => api.stop());

test('every route but the public ones demands credentials', async () => {
  const fresh = await startApi();
  const open: string[] = [];
  for (const [path, methods] of Object.entries(fresh.app.swagger().paths ?? {})) {
    for (const method of Object.keys(methods ?? {})) {
      const url = path.replace('{id}', 'v_01HV1XW70Q03PHK892JFQAY0Z5');
      const { status } = await fresh.call(method.toUpperCase() as 'GET', url, { token: null });
      if (status !== 401) open.push(`${method} ${path}`);
    }
  }
  await fresh.stop();
  expect(open.sort()).toEqual(['get /health', 'get /metrics']);
});

test('a token of an issuer acts for its own tenant, under its own name', async () => {
  const id = await api.create({ city: 'Rome' }, jwt);
  const { json } = await api.call('GET', `/v1/vaults/${id}/audit`, { token: jwt });
  expect(json.entries[0].actor).toBe('jwt:https://login.example.com#ada');
  expect((await api.call('GET', `/v1/vaults/${id}`)).json.code).toBe('not_found');
  expect((await api.call('GET', '/v1/keys', { token: jwt })).json.code).toBe('scope_missing');
});

test('the scheme is case-insensitive; anything else is 401 with a challenge', async () => {
  const auth = (authorization: string) =>
    api.call('GET', '/v1/keys', { token: null, headers: { authorization } });
  expect((await auth(`bEARER ${api.admin}`)).status).toBe(200);
  const refused = await auth(`Basic ${api.admin}`);
  expect([refused.status, refused.headers['www-authenticate']]).toEqual([
    401,
    'Bearer realm="enclave-vault"',
  ]);
});

test('failures beyond the rate get 429, and right credentials still pass', async () => {
  const statuses: number[] = [];
  for (let turn = 0; turn < 8; turn += 1) {
    statuses.push((await api.call('GET', '/v1/keys', { token: `evk_${turn}` })).status);
  }
  expect(new Set(statuses)).toEqual(new Set([401, 429]));
  const last = await api.call('GET', '/v1/keys', { token: 'x' });
  expect([last.status, last.json.code, Number(last.headers['retry-after']) >= 1]).toEqual([
    429,
    'rate_limited',
    true,
  ]);
  expect((await api.call('GET', '/v1/keys')).status).toBe(200);
});

test('attestations are limited for each caller', async () => {
  const url = `/v1/attestation?nonce=${'A'.repeat(22)}`;
  expect((await api.call('GET', url)).status).toBe(200);
  expect((await api.call('GET', url)).status).toBe(200);
  expect((await api.call('GET', url)).json.code).toBe('rate_limited');
  expect((await api.call('GET', url, { token: jwt })).status).toBe(200);
});

test('decryptions are limited for each caller, before their body is read; other calls of his are not', async () => {
  const id = await api.create({ city: 'Rome' });
  const token = await api.key({ scopes: ['vaults:read', 'vaults:decrypt'] });
  const decrypt = (body: unknown, as = token) =>
    api.call('POST', `/v1/vaults/${id}/decrypt`, { body, token: as });
  const good = { fields: ['city'], reason: 'a test' };
  const answers = [await decrypt(good), await decrypt('{'), await decrypt(good), await decrypt('{')];
  expect(answers.map(({ status }) => status)).toEqual([200, 400, 200, 429]);
  const limited = await decrypt(good);
  expect([limited.json.code, Number(limited.headers['retry-after']) >= 1]).toEqual(['rate_limited', true]);
  expect((await api.call('GET', `/v1/vaults/${id}`, { token })).status).toBe(200);
  expect((await decrypt(good, api.admin)).status).toBe(200);
});

test('the log names the actor and no token; metrics name neither', async () => {
  await api.call('GET', '/v1/keys', { token: jwt });
  await api.call('GET', '/v1/keys', { token: 'marked-token-value' });
  const log = JSON.stringify(api.logged);
  expect(log).toContain('"actor":"jwt:https://login.example.com#ada"');
  const { text } = await api.call('GET', '/metrics');
  expect(text).toContain('enclave_vault_problems_total{code="scope_missing"}');
  for (const secret of [jwt, api.admin, 'marked-token-value']) {
    expect(log).not.toContain(secret);
    expect(text).not.toContain(secret);
  }
  expect(text).not.toContain('login.example.com');
});

test('while the vault is not open callers are told to come again', async () => {
  const { ApiError } = await import('../../src/errors.ts');
  const starting = await startApi({
    vault: () => {
      throw new ApiError('starting', { retryAfter: 2 });
    },
    health: async () => ({ vault: { ok: false, reason: 'kms_unavailable' }, store: { ok: true } }),
  });
  const refused = await starting.call('POST', '/v1/vaults', { body: {} });
  expect([refused.status, refused.json.code, refused.headers['retry-after']]).toEqual([503, 'starting', '2']);
  const health = await starting.call('GET', '/health', { token: null });
  expect([health.status, health.json.parts.vault]).toEqual([503, { ok: false, reason: 'kms_unavailable' }]);
  expect((await starting.call('GET', '/metrics', { token: null })).text).toContain('up{part="vault"} 0');
  await starting.stop();
});
