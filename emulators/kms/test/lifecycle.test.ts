// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateKeyCommand, ListKeysCommand, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import { afterAll, describe, expect, it } from 'vitest';
import type { KmsEmulatorConfig } from '../src/config.ts';
import { startKmsEmulator } from '../src/emulator.ts';
import { parseConfig } from '../src/parse-config.ts';
import { ACCOUNT, allow, REGION, role, testEmulator } from './support/emulator.ts';

const admin = role('admin');
const folder = mkdtempSync(join(tmpdir(), 'kms-lifecycle-'));
afterAll(() => rmSync(folder, { recursive: true }));
const code = (value: string) => expect.objectContaining({ code: value });
const listeners = [{ host: '127.0.0.1', port: 0, network: null }];

describe('the emulator', () => {
  it('finishes what is in flight before it closes', async () => {
    const emulator = await testEmulator([admin], { latencyMs: 300 });
    const answer = emulator.client(admin).send(new ListKeysCommand({}));
    await expect.poll(() => emulator.events.length).toBe(1);
    await emulator.close();
    expect((await answer).$metadata.httpStatusCode).toBe(200);
    await expect(emulator.client(admin).send(new ListKeysCommand({}))).rejects.toThrow('ECONNREFUSED');
  });

  it('forgets the material of a deleted key for good', async () => {
    const stateFile = join(folder, 'kms.json');
    const config: KmsEmulatorConfig = {
      region: REGION,
      account: ACCOUNT,
      stateFile,
      attestationRoots: [],
      principals: [admin],
      listeners,
    };
    const emulator = await testEmulator([admin], { stateFile });
    const kms = emulator.client(admin);
    const KeyId = (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.KeyId ?? '';
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
    await emulator.close();
    expect(readFileSync(stateFile, 'utf8')).toContain(KeyId);
    const later = await startKmsEmulator(config, { clock: () => Date.now() + 8 * 86_400_000 });
    await later.close();
    expect(readFileSync(stateFile, 'utf8')).not.toContain(KeyId);
  });

  it('lets go of everything when it cannot listen', async () => {
    const first = await testEmulator([admin]);
    const port = first.endpoints[0]?.port ?? 0;
    const taken = [...listeners, { host: '127.0.0.1', port, network: null }];
    await expect(testEmulator([admin], { listeners: taken })).rejects.toThrow(code('EADDRINUSE'));
  });
});

describe('parseConfig', () => {
  const good = {
    partition: 'aws',
    region: REGION,
    account: ACCOUNT,
    stateFile: null,
    passphrase: 'x',
    eventLog: null,
    attestationRoots: [],
    principals: [{ ...admin, sessionToken: 't', tags: { a: 'b' }, boundary: allow('kms:*') }],
    listeners: [{ host: '::1', port: 0, network: { sourceVpc: 'vpc-1', sourceVpce: 'vpce-1' } }],
    otherPrincipals: [`arn:aws:iam::${ACCOUNT}:role/other`],
    hostnames: ['kms.example'],
    latencyMs: 5,
    quotas: { symmetric: 10, keyPairs: 1 },
  };

  it('gives back what is good', () => {
    expect(parseConfig(JSON.parse(JSON.stringify(good)))).toEqual(good);
    const { region, account, stateFile, attestationRoots, principals, listeners: listening } = good;
    const least = { region, account, stateFile, attestationRoots, principals, listeners: listening };
    expect(parseConfig(least)).toEqual(least);
  });

  it.each<[string, object]>([
    ['config.region', { region: 'Nowhere!' }],
    ['config.account', { account: '12' }],
    ['config.stateFile', { stateFile: undefined }],
    ['config.stateFile', { stateFile: '' }],
    ['config.stateFlie', { stateFlie: 'x' }],
    ['config.principals', { principals: {} }],
    ['config.principals must have', { principals: [admin, admin] }],
    ['config.principals[0].arn', { principals: [{ ...admin, arn: 'admin' }] }],
    ['config.principals[0].accessKeyId', { principals: [{ ...admin, accessKeyId: 'short' }] }],
    ['config.principals[0].secretAccessKey', { principals: [{ ...admin, secretAccessKey: 7 }] }],
    ['config.principals[0].tags.a', { principals: [{ ...admin, tags: { a: 1 } }] }],
    ['config.principals[0].identityPolicies[0]', { principals: [role('a', [{ Statement: [] }])] }],
    ['config.listeners[0].port', { listeners: [{ host: 'x', port: 65_536, network: null }] }],
    ['config.listeners[0].network', { listeners: [{ host: 'x', port: 1 }] }],
    ['config.latencyMs', { latencyMs: -1 }],
    ['config.quotas.symmetric', { quotas: { symmetric: 0 } }],
  ])('refuses a bad %s by its name', (path, member) => {
    const attempt = () => parseConfig({ ...good, ...member });
    expect(attempt).toThrow(code('invalid_config'));
    expect(attempt).toThrow(path);
  });

  it('quotes no value', () => {
    const secret = 'a secret where it does not belong';
    for (const member of ['region', 'account', 'principals', 'listeners', 'quotas']) {
      expect(() => parseConfig({ ...good, [member]: secret })).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining(secret) }),
      );
    }
  });

  it('does not start with trust anchors that are none', async () => {
    await expect(testEmulator([admin], { attestationRoots: ['x'] })).rejects.toThrow(code('invalid_config'));
  });
});
