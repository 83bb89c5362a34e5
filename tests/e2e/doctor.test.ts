// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { signManifest } from '@enclave-vault/eif';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Examined } from '../../tools/admin/src/dev/examined.ts';
import { LocalVault, run } from '../support/local-vault.ts';

interface Finding {
  readonly check: string;
  readonly of?: string;
  readonly status: string;
  readonly seen: string;
  readonly mend?: string;
}

let vault: LocalVault;
let told: Examined;
const folder = mkdtempSync(join(tmpdir(), 'ev-doctor-'));
beforeAll(async () => {
  vault = await LocalVault.start({ verbose: false });
  told = await new Promise((resolve, reject) => {
    const sent = request({ socketPath: vault.running.control, path: '/examined' }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('end', () => resolve(JSON.parse(text) as Examined));
    });
    sent.on('error', reject).end();
  });
});
afterAll(async () => {
  await vault.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the command, and takes nothing for granted of what it prints. */
async function doctor(args: readonly string[]) {
  const began = performance.now();
  const { code, out, err } = await run(['doctor', '--json', ...args]);
  expect(err).toBe('');
  for (const { secretAccessKey } of Object.values(told.callers)) expect(out).not.toContain(secretAccessKey);
  const { findings } = JSON.parse(out) as { findings: Finding[] };
  const of = (status: string) => [
    ...new Set(findings.filter((one) => one.status === status).map(({ check }) => check)),
  ];
  return { code, findings, of, ms: performance.now() - began };
}

describe('on the machine of a local vault', () => {
  it('finds everything well, and says it in words too', async () => {
    const { code, of, ms, findings } = await doctor(['--data', vault.data]);
    expect({ code, warn: of('warn'), fail: of('fail'), skipped: of('skipped') }).toEqual({
      code: 0,
      warn: [],
      fail: [],
      skipped: ['credentials'],
    });
    expect(ms).toBeLessThan(15_000);
    const text = await run(['doctor', '--data', vault.data]);
    expect(text.code).toBe(0);
    expect(text.out).toContain(`${findings.length - 1} ok, 0 warnings, 0 failed, 1 skipped`);
    expect(text.out).toMatch(/ok {4}enclave_attestation +genuine, and measures as it should/);
  });

  it('leaves a line in the vault’s log of what was refused to it, and nothing that looks like an attack', async () => {
    const told = () => vault.logged('dry_runs_refused').reduce((sum, { count }) => sum + Number(count), 0);
    // The doctors before this one are told of a moment after them.
    let before = -1;
    while (before !== told()) {
      before = told();
      await sleep(2_500);
    }
    const refused = readFileSync(join(vault.data, 'kms-events.log'), 'utf8').split('AccessDenied').length;
    await doctor(['--data', vault.data]);
    const after = readFileSync(join(vault.data, 'kms-events.log'), 'utf8').split('AccessDenied').length;
    await vi.waitFor(() => expect(told() - before).toBe(12), { timeout: 60_000 });
    expect(after - refused).toBe(12);
    expect(vault.logged('dry_runs_refused').at(-1)).toMatchObject({ callers: ['admin', 'api', 'instance'] });
    expect(vault.logged('kms_denied')).toEqual([]);
  });

  it('says that a parent does not answer, within its time', async () => {
    const { parent } = await vault.control('/pids');
    process.kill(Number(parent), 'SIGSTOP');
    try {
      const { code, of, ms, findings } = await doctor(['--data', vault.data]);
      expect({ code, fail: of('fail') }).toEqual({ code: 1, fail: ['parent', 'enclave_attestation'] });
      expect(findings.find(({ check }) => check === 'parent')?.seen).toContain('does not answer (timeout)');
      expect(ms).toBeLessThan(15_000);
    } finally {
      process.kill(Number(parent), 'SIGCONT');
    }
  });

  it('says where no vault runs', async () => {
    const { code, err } = await run(['doctor', '--data', folder]);
    expect({ code, err }).toEqual({ code: 1, err: `enclave-vault: no vault runs on ${folder}: start it\n` });
  });
});

describe('with the role files of a deployment', () => {
  const signer = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const path = (name: string, content: string | Buffer) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  /** Whom STS takes everybody for; its answer is that of the API reference. */
  let role = 'api';
  const sts = createServer((asked, response) => {
    asked.resume();
    const arn = `arn:aws:sts::${told.deployment.account}:assumed-role/${role}/here`;
    response.end(
      `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>${arn}</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`,
    );
  });
  beforeAll(() => new Promise<void>((done) => sts.listen(0, '127.0.0.1', done)));
  afterAll(() => {
    sts.closeAllConnections();
    sts.close();
  });

  const manifest = (pcr0?: string) => {
    const [first] = Object.values(told.measurements.pcr0 ?? []);
    const register = (name: 'pcr1' | 'pcr2' | 'pcr3' | 'pcr8' | 'pcr16') =>
      told.measurements[name]?.[0] ?? '';
    const image = {
      name: 'local',
      architecture: 'x86_64',
      pcr0: pcr0 ?? first ?? '',
      pcr1: register('pcr1'),
      pcr2: register('pcr2'),
      pcr3: register('pcr3'),
      pcr8: register('pcr8'),
      pcr16: register('pcr16'),
    } as const;
    return path(
      `manifest-${pcr0 ?? 'right'}.json`,
      signManifest({ issued: 0, images: [image] }, signer.privateKey),
    );
  };
  const examine = (who: 'admin' | 'api' | 'instance', more: readonly string[], pcr0?: string) => {
    role = who;
    const { region, keys, endpoint, ca, database, auditLog, parent, callers, deployment } = told;
    const api = {
      region,
      keys,
      kms: { endpoint, ca },
      credentials: callers[who],
      store: { kind: 'sqlite', path: database },
      audit: { kind: 'file', path: auditLog },
      parent: `unix:${parent}`,
    };
    const key = signer.publicKey.export({ format: 'pem', type: 'spki' });
    return doctor([
      ...['--config', path(`api-${who}.json`, JSON.stringify(api))],
      ...['--config', path('deployment.json', JSON.stringify(deployment))],
      ...['--manifest', manifest(pcr0), '--manifest-key', path('manifest.pub', key)],
      ...['--endpoint', `sts=http://127.0.0.1:${(sts.address() as { port: number }).port}`],
      ...['--attestation-root', path('root.pem', told.attestationRoot)],
      ...more,
    ]);
  };

  it('an operator sees keys, policies, store, parent and enclave', async () => {
    const { code, of, findings } = await examine('admin', []);
    expect({ code, warn: of('warn'), fail: of('fail'), skipped: of('skipped') }).toEqual({
      code: 0,
      warn: ['credentials'],
      fail: [],
      skipped: [],
    });
    expect(findings.filter(({ check }) => check === 'key_policies').map(({ seen }) => seen)).toEqual(
      Array(3).fill('as generated for this deployment'),
    );
  });

  it('the API’s place may not look at keys, and may do what it must', async () => {
    const { code, of, findings } = await examine('api', ['--as', 'api']);
    expect({ code, fail: of('fail'), skipped: of('skipped') }).toEqual({
      code: 0,
      fail: [],
      skipped: ['kms_keys', 'key_policies'],
    });
    expect(findings.filter(({ check }) => check === 'key_uses').map(({ seen }) => seen)).toEqual(
      Array(3).fill('allowed'),
    );
  });

  it('the instance’s place is not the API’s', async () => {
    const { code, of } = await examine('instance', ['--as', 'api']);
    expect({ code, fail: of('fail') }).toEqual({ code: 1, fail: ['credentials'] });
  });

  it('the manifest of another image fails in the policies and in the enclave', async () => {
    const { code, of, findings } = await examine('admin', [], '7'.repeat(96));
    expect({ code, fail: of('fail') }).toEqual({ code: 1, fail: ['key_policies', 'enclave_attestation'] });
    expect(findings.find(({ check }) => check === 'enclave_attestation')?.seen).toContain('PCR0 (image)');
  });

  it('ends in time where everything listens and nothing answers', async () => {
    const silent = createTcpServer(() => undefined);
    const sockets = new Set<Socket>();
    silent.on('connection', (socket) => sockets.add(socket.on('error', () => undefined)));
    await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
    const { port } = silent.address() as { port: number };
    const { code, of, ms } = await examine('api', [
      ...['kms', 'sts', 'dynamodb', 'logs'].flatMap((name) => [
        '--endpoint',
        `${name}=https://127.0.0.1:${port}`,
      ]),
    ]);
    for (const socket of sockets) socket.destroy();
    silent.close();
    const unanswered = ['clock', 'credentials', 'kms_keys', 'key_policies', 'unattested_decrypt', 'key_uses'];
    expect({ code, fail: of('fail') }).toEqual({ code: 1, fail: unanswered });
    expect(ms).toBeLessThan(15_000);
  });

  it('AWS’s own root does not vouch for a development enclave', async () => {
    await examine('admin', []);
    const endpoint = `sts=http://127.0.0.1:${(sts.address() as { port: number }).port}`;
    const { findings } = await doctor([
      ...['--config', join(folder, 'api-admin.json'), '--config', join(folder, 'deployment.json')],
      ...['--endpoint', endpoint],
    ]);
    const found = findings.find(({ check }) => check === 'enclave_attestation');
    expect(found).toMatchObject({
      status: 'fail',
      seen: expect.stringContaining('another root vouches for it'),
    });
  });
});
