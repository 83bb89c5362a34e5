// SPDX-License-Identifier: Apache-2.0
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import type { PolicyDocument } from '@enclave-vault/policies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signed } from '../../canary/src/alarm/index.ts';
import { openFile, sealFile } from '../../emulators/kms/src/state/envelope.ts';
import { writePrivateFile } from '../../emulators/kms/src/state/file.ts';
import { parseDevOptions } from '../../tools/admin/src/dev/options.ts';
import type { AuditSession } from '../../tools/admin/src/dev/vault.ts';
import { LocalVault, run } from '../support/local-vault.ts';

/* A vault as `npm start` runs it, with its canary and its webhook. Who owns the machine changes a key's policy under it,
 * as on AWS only those two roles can that the key policy names. */

const SECRET = 'the secret of the webhook of this test';
const INTERVAL = '2';
const PATIENCE_MS = 40_000;

interface Told {
  readonly state: string;
  readonly was: string;
  readonly readings: readonly { readonly probe: string; readonly outcome: string; readonly reason: string }[];
}
const told: Told[] = [];
const unsigned: string[] = [];
const receiver = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString('utf8');
  const { 'enclave-vault-timestamp': time, 'enclave-vault-signature': signature } = request.headers;
  const expected = signed(SECRET, body, Number(time) * 1000);
  if (!Object.values(expected).includes(String(signature))) unsigned.push(body);
  told.push(JSON.parse(body) as Told);
  response.writeHead(204).end();
});

let vault: LocalVault;
let vaultKey = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const address = receiver.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  vault = await LocalVault.start({
    args: ['--canary-interval', INTERVAL, '--canary-webhook', `http://127.0.0.1:${port}/alarms`],
    env: { ENCLAVE_VAULT_CANARY_WEBHOOK_SECRET: SECRET },
  });
  const session = (await vault.control('/session')) as unknown as AuditSession;
  vaultKey = session.kms.keys.vault;
});
afterAll(async () => {
  await vault?.stop();
  receiver.closeAllConnections();
  receiver.close();
});

const pids = async () => (await vault.control('/pids')) as Readonly<Record<string, number>>;
const once = (...more: string[]) => run(['canary', 'run', '--once', '--data', vault.data, ...more]);
const metrics = async () => (await vault.call('GET', '/metrics', undefined, { key: null })).text.split('\n');
const figure = async (name: string) =>
  Number((await metrics()).find((line) => line.startsWith(`enclave_vault_canary_${name} `))?.split(' ')[1]);

async function until<T>(what: string, look: () => Promise<T> | T, good: (found: T) => boolean): Promise<T> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; ) {
    const found = await look();
    if (good(found)) return found;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`never: ${what}`);
}
const ran = (place: string) =>
  until(
    `a run of ${place}`,
    () => figure(`runs_total{place="${place}"}`),
    (runs) => runs > 0,
  );
const outcome = (place: string, name: string) => figure(`outcome{place="${place}",outcome="${name}"}`);

/** Puts a policy into KMS's file, past KMS, which reads it when it is started again. */
async function rewrite(change: (policy: PolicyDocument) => PolicyDocument): Promise<void> {
  const path = join(vault.data, 'kms.json');
  const { generation, payload } = await openFile(readFileSync(path, 'utf8'), undefined);
  const state = JSON.parse(payload) as { keys: { id: string; policyText: string }[] };
  for (const key of state.keys)
    if (vaultKey.endsWith(key.id)) key.policyText = JSON.stringify(change(JSON.parse(key.policyText)));
  const text = sealFile(JSON.stringify(state), generation + 1, null);
  process.kill(Number((await pids()).kms), 'SIGKILL');
  await writePrivateFile(path, text);
}

describe('the canary of a local vault', () => {
  it('reads soon after the start that all is well, and so does the command', async () => {
    await ran('local');
    await ran('parent');
    await until(
      'all refusals',
      () => outcome('local', 'ExpectedDenied'),
      (count) => count === 8,
    );
    expect(await outcome('local', 'ControlPassed')).toBe(1);
    // States, policies and grants of three keys.
    expect(await outcome('local', 'AsDeployed')).toBe(9);
    expect(await outcome('parent', 'ExpectedDenied')).toBe(2);
    for (const bad of ['UnexpectedAllow', 'PolicyDrift', 'CanaryError'])
      expect([await outcome('local', bad), await outcome('parent', bad)]).toEqual([0, 0]);
    const { code, out } = await once('--json');
    expect([code, JSON.parse(out).outcome]).toEqual([0, 'Good']);
    expect(vault.logged('canary_alarm')).toEqual([]);
  });

  it('has a key that decrypts one field of one record of its own tenant, kept for its owner alone', async () => {
    const file = join(vault.data, 'canary.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { key, vault: id, field } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    const created = await vault.call('POST', '/v1/vaults', { first_name: 'Ada' });
    const other = String(created.json.id);
    const as = { key: key ?? null };
    const decrypt = (of: string, fields: readonly string[]) =>
      vault.call('POST', `/v1/vaults/${of}/decrypt`, { fields, reason: 'a test' }, as);
    expect((await decrypt(String(id), [String(field)])).status).toBe(200);
    expect((await decrypt(String(id), ['ssn9'])).json.code).toBe('field_not_allowed');
    expect((await decrypt(other, ['first_name'])).json.code).toBe('not_found');
    expect((await vault.call('GET', '/v1/keys', undefined, as)).status).toBe(403);
    expect((await vault.call('POST', '/v1/vaults', { first_name: 'x' }, as)).status).toBe(403);
  });

  it('tells in the log, the figures, the webhook and by exit code that a key policy was opened, and that it is well again', async () => {
    const deployed: PolicyDocument[] = [];
    await rewrite((policy) => {
      deployed.push(policy);
      const Statement = policy.Statement.filter(({ Sid }) => !/^DenyWithoutPCR/.test(Sid));
      return { ...policy, Statement };
    });
    // The parent's role is the only one whom nothing else refuses.
    await until(
      'an allow',
      () => outcome('parent', 'UnexpectedAllow'),
      (count) => count === 1,
    );
    await until(
      'drift',
      () => outcome('local', 'PolicyDrift'),
      (count) => count === 6,
    );
    await vault.until('canary_alarm', ({ state }) => state === 'UnexpectedAllow');
    const hook = await until(
      'a webhook',
      () => told.find(({ state, readings }) => state === 'UnexpectedAllow' && readings.length === 7),
      (found) => found !== undefined,
    );
    expect(hook?.readings).toContainEqual(
      expect.objectContaining({ probe: 'vault.decrypt', outcome: 'UnexpectedAllow', place: 'parent' }),
    );
    expect(hook?.readings).toContainEqual(
      expect.objectContaining({ probe: 'vault.policy', reason: 'missing DenyWithoutPCR16' }),
    );
    const opened = await once();
    expect([opened.code, opened.out]).toEqual([3, expect.stringContaining('parent.vault.decrypt')]);

    const [policy] = deployed;
    if (policy === undefined) throw new Error('no policy');
    await rewrite(() => ({
      ...policy,
      Statement: policy.Statement.filter(({ Sid }) => Sid !== 'DenyGrants'),
    }));
    await until(
      'drift alone',
      () => outcome('local', 'PolicyDrift'),
      (count) => count === 1,
    );
    expect((await once()).code).toBe(4);

    await rewrite(() => policy);
    const last = await until(
      'all well',
      () => told.at(-1),
      (found) => found?.state === 'Good',
    );
    expect(last?.was).not.toBe('Good');
    expect((await once()).code).toBe(0);
    expect(unsigned).toEqual([]);
  });

  it('is missed when it hangs, started again, and heard of', async () => {
    const { canary } = await pids();
    process.kill(Number(canary), 'SIGSTOP');
    await until(
      'silence',
      () => figure('silent{place="local"}'),
      (silent) => silent === 1,
    );
    await vault.until('canary_alarm', ({ state }) => state === 'Silent');
    await until('another process', pids, (now) => now.canary !== undefined && now.canary !== canary);
    await until(
      'a run',
      () => figure('silent{place="local"}'),
      (silent) => silent === 0,
    );
    await until('the webhook', () => told.some(({ state }) => state === 'Silent'), Boolean);
  });

  it('says that it is broken, and no more, when KMS is not there', async () => {
    process.kill(Number((await pids()).kms), 'SIGSTOP');
    const { code, out } = await once('--json');
    process.kill(Number((await pids()).kms), 'SIGCONT');
    expect([code, JSON.parse(out).outcome]).toEqual([5, 'CanaryError']);
    const readings = JSON.parse(out).readings as Told['readings'];
    expect([...new Set(readings.map((one) => one.outcome))]).toEqual(['CanaryError']);
  });

  it('writes no key, token or value into log, figures or webhook', async () => {
    const { key, value } = JSON.parse(readFileSync(join(vault.data, 'canary.json'), 'utf8')) as Record<
      string,
      string
    >;
    const all = [vault.output, (await metrics()).join('\n'), JSON.stringify(told)].join('\n');
    for (const secret of [key, JSON.parse(String(value)), SECRET]) expect(all).not.toContain(secret);
  });
});

describe('the command', () => {
  it.each([
    [['canary', 'run'], 2, 'canary takes run --once'],
    [['canary', 'run', '--once', '--data', '/nowhere'], 1, 'no vault runs on /nowhere'],
  ])('%j ends with %i', async (args, code, says) => {
    const ended = await run(args);
    expect([ended.code, ended.err]).toEqual([code, expect.stringContaining(says)]);
  });

  it.each([
    [['--canary-webhook', 'http://example.com'], '--canary-webhook takes an https URL'],
    [['--canary-webhook', 'https://example.com'], 'ENCLAVE_VAULT_CANARY_WEBHOOK_SECRET'],
    [['--canary-interval', '1.5'], '--canary-interval takes a whole number'],
    [['--canary-interval', '3601'], '--canary-interval takes a whole number'],
  ])('starts no vault with %j', (args, says) => {
    expect(() => parseDevOptions(args, {}, '/')).toThrow(says);
  });
});
