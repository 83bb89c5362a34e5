// SPDX-License-Identifier: Apache-2.0
import type { Principal } from '@enclave-vault/vault';
import { afterEach, expect, test, vi } from 'vitest';
import type { Ingress } from '../../src/http/ingress.ts';
import { type Api, startApi } from '../harness.ts';
import { StreamClient } from './client.ts';

const CREATE = '/v1/vaults:batch';
let api: Api | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await api?.stop();
});

test('a stream ends with its caller’s rights, though whoever verified him still takes him, and refuses no item for that', async () => {
  const principal: Principal = {
    ...{ tenant: 'default', actor: 'jwt:https://login.example.com#ada', scopes: new Set(['vaults:create']) },
    ...{ fields: null, purposes: null, deriveOnly: false, expires: (Date.now() + 600_000) * 1_000 },
  };
  const ingress = (): Ingress => ({ requestId: 'req_1', deadline: Infinity, principal });
  api = await startApi({ ingress });
  const client = new StreamClient(await api.listen(), CREATE, 'none');
  client.send({ fields: { city: 'Rome' } });
  await client.until(1);
  const now = Date.now;
  vi.spyOn(Date, 'now').mockImplementation(() => now() + 600_000);
  client.send({ fields: { city: 'Bern' } }, { fields: { city: 'Oslo' } });
  await client.finish();
  expect(client.lines.slice(1)).toEqual([{ stopped: { code: 'unauthenticated', results: 1, errors: 0 } }]);
  // As a single call is answered.
  expect(await api.call('POST', '/v1/vaults', { body: { city: 'Bern' } })).toMatchObject({
    status: 401,
    json: { code: 'unauthenticated' },
  });
  for (const type of ['application/json', 'application/x-ndjson'])
    expect(
      await api.call('POST', CREATE, { body: '{"items":[{}]}', headers: { 'content-type': type } }),
    ).toMatchObject({ status: 401, json: { code: 'unauthenticated' } });
});
