// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, expect, test } from 'vitest';
import { IMDS_MARK, Imds } from '../../../../tests/support/imds/imds.ts';
import { ImdsClient } from '../../src/credentials/imds-client.ts';
import { ImdsCredentials, type ImdsCredentialsOptions } from '../../src/credentials/imds-credentials.ts';
import { until } from '../harness.ts';

const ROLE = '/latest/meta-data/iam/security-credentials/enclave-vault-parent';
let imds: Imds;
let source: ImdsCredentials;
let now: number;
let logged: { level: string; event: string; fields: unknown }[];

function start(more: Partial<ImdsCredentialsOptions> = {}): ImdsCredentials {
  const client = new ImdsClient({ endpoint: imds.url, timeoutMs: 20_000, now: () => now });
  const log = (level: string, event: string, fields: unknown = {}) =>
    void logged.push({ level, event, fields });
  source = new ImdsCredentials({ client, log, now: () => now, backoffBaseMs: 20, backoffMaxMs: 40, ...more });
  return source;
}

const secret = async () => (await source.current()).secretAccessKey;
const events = () => logged.map(({ event }) => event);

beforeEach(async () => {
  now = Date.UTC(2026, 0, 1, 12);
  logged = [];
  imds = await Imds.start();
  imds.now = () => now;
});
afterEach(async () => {
  source.close();
  await imds.close();
});

test('finds the role, hands out its credentials, and knows the instance', async () => {
  const issued = imds.rotate();
  start();
  expect(await source.current()).toEqual({
    accessKeyId: issued.AccessKeyId,
    secretAccessKey: issued.SecretAccessKey,
    sessionToken: issued.Token,
    expiration: Date.parse(issued.Expiration),
  });
  expect(source.identity).toEqual({
    instanceId: 'i-0123456789abcdef0',
    account: '123456789012',
    region: 'eu-central-1',
    role: 'enclave-vault-parent',
  });
});

test('asks for a configured role without looking for one', async () => {
  start({ role: 'enclave-vault-parent' });
  await source.current();
  expect(imds.count('GET', '/latest/meta-data/iam/security-credentials/')).toBe(0);
});

test('a hundred callers at the start cost one request', async () => {
  start();
  await Promise.all(Array.from({ length: 100 }, () => source.current()));
  expect(imds.count('GET', ROLE)).toBe(1);
});

test('renews 60 s before the end and not earlier, with the old ones in use meanwhile', async () => {
  const first = imds.rotate(3_600_000);
  start();
  expect(await secret()).toBe(first.SecretAccessKey);
  const second = imds.rotate(2 * 3_600_000);
  now += 3_600_000 - 60_001;
  expect(await secret()).toBe(first.SecretAccessKey);
  expect(imds.count('GET', ROLE)).toBe(1);
  now += 1;
  imds.slowMs = 30;
  const during = await Promise.all(Array.from({ length: 20 }, secret));
  expect(new Set(during)).toEqual(new Set([first.SecretAccessKey]));
  await until(() => events().filter((event) => event === 'credentials_renewed').length === 2);
  expect(await secret()).toBe(second.SecretAccessKey);
  expect(imds.count('GET', ROLE)).toBe(2);
});

test('renews by itself, without a request', async () => {
  // Real time: they expire 60 s and a little after now, so the timer is due at once.
  now = Date.now();
  const started = now;
  imds.now = Date.now;
  imds.rotate(61_500);
  start({ now: Date.now });
  await source.current();
  const next = imds.rotate(3_600_000);
  await until(() => imds.issued.includes(next));
  expect(Date.now() - started).toBeLessThan(30_000);
  expect(Date.now() - started).toBeGreaterThan(300);
});

test('keeps the old ones until they expire while the service is away, then says there are none', async () => {
  const first = imds.rotate(3_600_000);
  start();
  await source.current();
  imds.down = true;
  now += 3_600_000 - 30_000;
  expect(await secret()).toBe(first.SecretAccessKey);
  await until(() => events().includes('credentials_unavailable'));
  expect(source.available).toBe(true);
  expect(logged.at(-1)?.fields).toMatchObject({ code: 'imds_unreachable', still_valid: true });
  now += 30_000;
  expect(source.available).toBe(false);
  await expect(source.current()).rejects.toMatchObject({ code: 'no_credentials' });
  imds.down = false;
  const second = imds.rotate();
  await until(() => source.available);
  expect(await secret()).toBe(second.SecretAccessKey);
});

test('backs off while the service is away, however many ask', async () => {
  imds.down = true;
  start({ backoffBaseMs: 10_000, backoffMaxMs: 10_000 });
  for (let turn = 0; turn < 50; turn += 1) {
    await expect(source.current()).rejects.toMatchObject({ code: 'no_credentials' });
  }
  expect(imds.asked.length).toBe(1);
});

test('does not spin while the service still has the old ones', async () => {
  imds.rotate(45_000);
  start({ backoffBaseMs: 10_000, backoffMaxMs: 10_000 });
  for (let turn = 0; turn < 20; turn += 1) await source.current();
  expect(imds.count('GET', ROLE)).toBe(1);
  expect(events()).toEqual(['credentials_not_renewed']);
});

test('an instance without a role says so', async () => {
  imds.role = null;
  start();
  await expect(source.current()).rejects.toMatchObject({ code: 'no_credentials' });
  expect(logged[0]?.fields).toMatchObject({ code: 'imds_refused', cause: 'status 404', still_valid: false });
});

const GOOD = {
  Code: 'Success',
  AccessKeyId: 'ASIA0123456789ABCDEF',
  SecretAccessKey: `${IMDS_MARK}garbage`,
  Token: `${IMDS_MARK}garbage`,
  Expiration: '2030-01-01T00:00:00Z',
};
test.each([
  ['not JSON', `<html>${IMDS_MARK}`],
  ['a list', '[]'],
  ['null', 'null'],
  ['no token', JSON.stringify({ ...GOOD, Token: undefined })],
  ['a number for a key', JSON.stringify({ ...GOOD, SecretAccessKey: 7 })],
  ['a line break in a key', JSON.stringify({ ...GOOD, SecretAccessKey: `${IMDS_MARK}\r\nx: y` })],
  ['a time without a zone', JSON.stringify({ ...GOOD, Expiration: '2030-01-01T00:00:00' })],
  ['no time at all', JSON.stringify({ ...GOOD, Expiration: 'soon' })],
])('refuses a document that is %s, and repeats nothing of it', async (_what, body) => {
  imds.instead.set(ROLE, { body });
  start();
  await expect(source.current()).rejects.toMatchObject({ code: 'no_credentials' });
  expect(logged[0]?.fields).toMatchObject({ code: 'imds_malformed' });
  expect(JSON.stringify(logged)).not.toContain(IMDS_MARK);
});

test("passes on the service's own code when it could not assume the role", async () => {
  imds.instead.set(ROLE, {
    body: JSON.stringify({ Code: 'AssumeRoleUnauthorizedAccess', Message: 'EC2 cannot' }),
  });
  start();
  await expect(source.current()).rejects.toMatchObject({ code: 'no_credentials' });
  expect(logged[0]?.fields).toMatchObject({ code: 'imds_refused', cause: 'AssumeRoleUnauthorizedAccess' });
});

test.each(['../../user-data', 'a b', '', 'a\nb'])('does not ask for a role named %j', async (name) => {
  imds.instead.set('/latest/meta-data/iam/security-credentials/', { body: name });
  start();
  await expect(source.current()).rejects.toMatchObject({ code: 'no_credentials' });
  expect(logged[0]?.fields).toMatchObject({ code: 'imds_malformed', cause: 'role' });
  expect(imds.asked).toHaveLength(2);
});

test('takes none that have expired already', async () => {
  imds.rotate(-1_000);
  start();
  await expect(source.current()).rejects.toMatchObject({ code: 'no_credentials' });
});

test('its log holds no credential and no session token, whatever happened', async () => {
  imds.rotate(3_600_000);
  start();
  await source.current();
  imds.expireTokens();
  now += 3_600_000 - 1_000;
  imds.rotate();
  await source.current();
  // Issued is not yet arrived: time goes on when the source has them.
  await until(() => events().filter((event) => event === 'credentials_renewed').length > 1);
  imds.down = true;
  now += 3_600_000;
  await source.current().catch(() => undefined);
  expect(new Set(events())).toEqual(new Set(['credentials_renewed', 'credentials_unavailable']));
  const all = JSON.stringify(logged);
  expect(all).not.toContain(IMDS_MARK);
  for (const { AccessKeyId } of imds.issued) expect(all).not.toContain(AccessKeyId);
});

test('a closed source asks no more and keeps nothing', async () => {
  imds.rotate(61_000);
  start();
  await source.current();
  source.close();
  const asked = imds.asked.length;
  await new Promise((done) => setTimeout(done, 60));
  expect(imds.asked.length).toBe(asked);
  expect(source.available).toBe(false);
});
