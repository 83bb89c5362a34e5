// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, startApi } from '../../host/api/test/harness.ts';
import { decryptControl } from '../src/local/index.ts';

/* The positive control beside a local vault, against the API itself over HTTP. */

let api: Api;
let url: string;
beforeAll(async () => {
  api = await startApi();
  url = `http://127.0.0.1:${await api.listen()}`;
});
afterAll(() => api.stop());

test('wants KMS asked each time: a key in the enclave’s memory would open the record after nothing else can be opened', async () => {
  const vault = await api.create({ city: 'known to everybody' });
  const value = '"known to everybody"';
  const control = { url, certificate: undefined, key: api.admin, vault, field: 'city', value };
  const before = api.enclave.requests.length;
  for (let run = 0; run < 2; run += 1)
    expect(await decryptControl(control, AbortSignal.timeout(60_000))).toBe(value);
  // What reaches the enclave, through API and vault.
  expect(api.enclave.requests.slice(before).map(({ fresh }) => fresh)).toEqual([true, true]);
});
