// SPDX-License-Identifier: Apache-2.0
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type Api, startApi } from '../harness.ts';

/** Every refusal is an entry of the audit log for ever: who keeps being refused must not fill it. */
let api: Api;
beforeAll(async () => {
  api = await startApi({ rates: { refusals: { burst: 4, perSecond: 0.01 } } });
});
afterEach(() => void vi.restoreAllMocks());
afterAll(() => api.stop());

const keyWith = async (scopes: string[]): Promise<string> =>
  String((await api.call('POST', '/v1/keys', { body: { scopes } })).json.token);
const ABSENT = '/v1/vaults/v_01HV1XW70Q03PHK892JFQAY0Z5';

test('refusals beyond the rate are not looked at, whatever was asked; others go on, and so does he after a while', async () => {
  const id = await api.create({ city: 'Rome' });
  const token = await keyWith(['vaults:read', 'vaults:decrypt']);
  const ask = async (method: 'GET' | 'POST', url: string, body?: object) => {
    const answer = await api.call(method, url, { token, ...(body && { body }) });
    return [answer.status, answer.json.code];
  };
  const decrypt = { fields: ['city'], reason: 'a test' };
  const answers = [
    await ask('POST', '/v1/vaults', { city: 'x' }),
    await ask('GET', `/v1/vaults/${id}/audit`),
    // An absent id is no refusal to look at, and one to decrypt.
    await ask('GET', ABSENT),
    await ask('POST', `${ABSENT}/decrypt`, decrypt),
    await ask('GET', `/v1/vaults/${id}`),
    await ask('GET', '/v1/keys'),
  ];
  expect(answers).toEqual([
    [403, 'scope_missing'],
    [403, 'scope_missing'],
    [404, 'not_found'],
    [404, 'not_found'],
    [200, undefined],
    [403, 'scope_missing'],
  ]);
  const limited = await api.call('GET', `/v1/vaults/${id}`, { token });
  expect([limited.status, limited.json.code]).toEqual([429, 'rate_limited']);
  expect(Number(limited.headers['retry-after'])).toBeGreaterThanOrEqual(1);
  expect((await ask('GET', '/v1/keys'))[0]).toBe(429);
  expect((await api.call('GET', `/v1/vaults/${id}`)).status).toBe(200);

  // Each refusal is in the audit, and what was not looked at is not.
  const { entries } = (await api.call('GET', `/v1/vaults/${id}/audit`)).json;
  expect(entries.map(({ event }: { event: string }) => event)).toEqual(['AccessDenied', 'CreateVault']);

  const now = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => now() + 200_000);
  expect((await ask('GET', `/v1/vaults/${id}`))[0]).toBe(200);
});

test('what is refused for other reasons costs nothing', async () => {
  const token = await keyWith(['vaults:read', 'vaults:create']);
  for (let n = 0; n < 8; n += 1) {
    const invalid = await api.call('POST', '/v1/vaults', { token, body: { nothing: 1 } });
    expect(invalid.status).toBe(422);
    expect((await api.call('GET', ABSENT, { token })).status).toBe(404);
  }
});
