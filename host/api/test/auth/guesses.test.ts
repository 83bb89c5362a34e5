// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Api, startApi } from '../harness.ts';

/** Who guesses secrets, from one address or from a thousand; and who would lock somebody else out by it. */
let api: Api;
beforeAll(async () => {
  api = await startApi({ rates: { failures: { burst: 5, perSecond: 0.01 } } });
});
afterAll(() => api.stop());

const UNKNOWN = 'evk_01HV1XW70Q03PHK892JFQAY0Z5_';
const guess = (prefix: string): string => `${prefix}${randomBytes(32).toString('base64url')}`;
const prefixOf = (token: string): string => token.slice(0, 'evk_'.length + 27);

/** One guess of a token from an address. */
async function from(address: string, token: string) {
  const answer = await api.app.inject({
    method: 'GET',
    url: '/v1/keys',
    remoteAddress: address,
    headers: { host: 'localhost', authorization: `Bearer ${token}` },
  });
  const { 'x-request-id': request, date: _, 'retry-after': wait, ...headers } = answer.headers;
  return { status: answer.statusCode, headers, wait, text: answer.body.replaceAll(String(request), '') };
}

test('a key that is tried from many addresses answers 429 to wrong secrets, and to the right one as ever', async () => {
  const holder = await api.key({ scopes: ['keys:admin'] });
  const statuses: number[] = [];
  for (let n = 0; n < 12; n += 1) statuses.push((await from(`192.0.2.${n}`, guess(prefixOf(holder)))).status);
  expect(statuses).toEqual([...Array(5).fill(401), ...Array(7).fill(429)]);
  // The holder, behind an address that has guessed too; another key, behind one that has not.
  expect((await from('192.0.2.11', holder)).status).toBe(200);
  expect((await from('198.51.100.7', holder)).status).toBe(200);
  expect((await from('198.51.100.8', guess(UNKNOWN.replace('Z5_', 'Z6_')))).status).toBe(401);
});

test('an id that is no key’s is counted alike: the answers do not say which ids are', async () => {
  const holder = await api.key({ scopes: ['vaults:read'] });
  // No time passes: what is left to wait is part of an answer.
  const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
  const answers = async (prefix: string, network: string) => {
    const all = [];
    for (let n = 0; n < 8; n += 1) all.push(await from(`${network}.${n}`, guess(prefix)));
    return all;
  };
  const [known, unknown] = [await answers(prefixOf(holder), '203.0.113'), await answers(UNKNOWN, '198.18.0')];
  clock.mockRestore();
  expect(unknown).toEqual(known);
  expect(known.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
});

test('an address that guesses many ids is slowed down as well', async () => {
  const statuses: number[] = [];
  for (let n = 0; n < 7; n += 1) {
    const id = `evk_0${randomBytes(13).toString('hex').toUpperCase().slice(0, 25)}_`;
    statuses.push((await from('198.51.100.99', guess(id))).status);
  }
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
});
