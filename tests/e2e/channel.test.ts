// SPDX-License-Identifier: Apache-2.0
/** API and parent as on AWS: two processes that know each other by what KMS lets their roles sign. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';
import { openChannelIdentity, SERVER_NAME } from '@enclave-vault/channel';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ChannelVault } from '../support/channel-vault.ts';

/** What a private key begins with: in PEM, and on P-384 in base64 and in DER (PKCS #8). */
const KEY_MARKS = [
  'PRIVATE KEY',
  'MIG2AgEAMBAGByqGSM49AgEGBSuBBAAi',
  Buffer.from('020100301006072a8648ce3d0201', 'hex').toString('latin1'),
];
let vault: ChannelVault;
beforeAll(async () => {
  vault = await ChannelVault.start();
});
afterAll(() => vault?.stop());

test('the API decrypts through a parent that it reaches by mutual TLS, no key of which touches a disk', async () => {
  const { id } = (await vault.call('POST', '/v1/vaults', { first_name: 'Ada' })).json;
  const answer = await vault.serving(String(id));
  expect([answer.status, answer.json.data]).toEqual([200, { first_name: 'Ada' }]);
  const issued = vault.logged.filter(({ event }) => event === 'channel_identity_issued');
  expect(issued.map(({ of, side }) => [of, side]).toSorted()).toEqual([
    ['api', 'client'],
    ['parent', 'server'],
  ]);
  // The hypervisor's state has the development root's key, and says so; the channel's keys are in no file and no line.
  const written = readdirSync(vault.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'h.json')
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
  expect(written.length).toBeGreaterThan(2);
  for (const mark of KEY_MARKS)
    expect([...written, JSON.stringify(vault.logged)].join('\n')).not.toContain(mark);
});

test('each role signs for its own side alone; those who look after keys sign for none', async () => {
  const digest = Buffer.alloc(48, 1);
  const denied = { code: 'kms_denied', message: 'Sign: AccessDeniedException' };
  expect(await vault.signer('server', 'instance').sign(digest)).toBeInstanceOf(Uint8Array);
  expect(await vault.signer('client', 'api').sign(digest)).toBeInstanceOf(Uint8Array);
  await expect(vault.signer('server', 'api').sign(digest)).rejects.toMatchObject(denied);
  await expect(vault.signer('client', 'instance').sign(digest)).rejects.toMatchObject(denied);
  for (const side of ['server', 'client'] as const) {
    for (const role of ['deployment', 'admin'] as const) {
      await expect(vault.signer(side, role).sign(digest)).rejects.toMatchObject(denied);
    }
  }
});

test('a parent’s own credentials, and none, do not open its port', async () => {
  const identity = await openChannelIdentity({
    side: 'server',
    sign: vault.signer('server', 'instance').sign,
    roots: vault.roots.server,
    log: () => undefined,
  });
  const attempt = (options: tls.ConnectionOptions) =>
    new Promise<string>((resolve) => {
      let got = '';
      const socket = tls.connect({
        host: '127.0.0.1',
        port: vault.port,
        servername: SERVER_NAME,
        rejectUnauthorized: false,
        ...options,
      });
      socket.on('data', (data) => (got += data));
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(got));
      socket.write('GET /enclaves HTTP/1.1\r\nhost: localhost\r\n\r\n');
    });
  const refused = () => vault.logged.filter(({ event }) => event === 'channel_refused');
  const before = refused().length;
  const { key, cert } = identity.current();
  expect([await attempt({}), await attempt({ key, cert })]).toEqual(['', '']);
  // Another process writes these lines: they may come after the end of the connection.
  await vi.waitFor(() => expect(refused().length - before).toBe(2), 60_000);
  const reasons = refused().map(({ reason }) => reason);
  expect(reasons.slice(before)).toEqual(['no_certificate', 'wrong_purpose']);
  identity.close();
});

test('a parent that is gone is a 503, and one that comes back serves on', async () => {
  const { id } = (await vault.call('POST', '/v1/vaults', { first_name: 'Grace' })).json;
  vault.parent?.process.kill('SIGKILL');
  await vault.parent?.exited;
  expect((await vault.decrypted(String(id))).status).toBe(503);
  await vault.startParent(vault.port);
  const answer = await vault.serving(String(id));
  expect([answer.status, answer.json.data]).toEqual([200, { first_name: 'Grace' }]);
});
