// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { LocalVault, run } from '../support/local-vault.ts';

const folders: string[] = [];
const vaults: LocalVault[] = [];
const folder = () => {
  const made = mkdtempSync(join(tmpdir(), 'ev-e2e-'));
  folders.push(made);
  return made;
};
const start = async (options: Parameters<typeof LocalVault.start>[0]) => {
  const vault = await LocalVault.start(options);
  vaults.push(vault);
  return vault;
};
afterEach(async () => {
  await Promise.all(vaults.splice(0).map((vault) => vault.stop()));
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
});

describe('options of dev', () => {
  it('--schema, --enclaves: a schema of one’s own, on two enclaves of which one is killed', async () => {
    const file = join(folder(), 'schema.json');
    const schema = {
      version: 1,
      fields: { diagnosis: { type: 'text', maxLength: 200 }, weight_kg: { type: 'decimal' } },
      expressions: { heavy: 'double(weight_kg) > 100.0' },
      purposes: ['general', 'care'],
    };
    writeFileSync(file, JSON.stringify(schema));
    const vault = await start({ args: ['--schema', file, '--enclaves', '2'] });
    const made = await vault.call('POST', '/v1/vaults', { diagnosis: 'J45', weight_kg: '101.5' });
    expect(made.status).toBe(201);
    expect((await vault.call('POST', '/v1/vaults', { first_name: 'x' })).status).toBe(422);
    const ask = {
      fields: ['diagnosis'],
      reason: 'e2e',
      purpose: 'care',
      expressions: { h: { registered: 'heavy' } },
    };
    const decrypt = () => vault.call('POST', `/v1/vaults/${String(made.json.id)}/decrypt`, ask);
    expect((await decrypt()).json.data).toEqual({ diagnosis: 'J45', h: true });

    // The vault is ready when one enclave serves; this is about two.
    const both = Date.now() + 60_000;
    while (vault.logged('enclave_healthy').length < 2 && Date.now() < both)
      await new Promise((done) => setTimeout(done, 50));
    const started = vault.logged('enclave_started');
    expect(started).toHaveLength(2);
    process.kill(Number(started[0]?.ProcessID), 'SIGKILL');
    // The other one answers at once; the killed one is replaced.
    expect((await decrypt()).json.data).toEqual({ diagnosis: 'J45', h: true });
    const until = Date.now() + 60_000;
    while (vault.logged('enclave_started').length < 3 && Date.now() < until)
      await new Promise((done) => setTimeout(done, 50));
    expect(vault.logged('enclave_started').length).toBeGreaterThanOrEqual(3);
  });

  it('ENCLAVE_VAULT_PASSPHRASE: keys at rest are encrypted, and another passphrase is refused plainly', async () => {
    const data = folder();
    const vault = await start({ data, env: { ENCLAVE_VAULT_PASSPHRASE: 'correct horse' } });
    const made = await vault.call('POST', '/v1/vaults', { first_name: 'Ada' });
    await vault.stop();
    expect(readFileSync(join(data, 'kms.json'), 'utf8')).not.toContain('PRIVATE KEY');
    for (const file of ['kms.json', 'hypervisor.json', 'vault.db', 'audit-heads.log', 'admin.key'])
      expect([file, statSync(join(data, file)).mode & 0o777]).toEqual([file, 0o600]);
    const wrong = await run(['dev', '--port', '0', '--data', data], { ENCLAVE_VAULT_PASSPHRASE: 'wrong' });
    expect(wrong.code).toBe(1);
    expect(wrong.err).toMatch(/passphrase/);
    expect(wrong.err + wrong.out).not.toContain('correct horse');
    const again = await start({ data, env: { ENCLAVE_VAULT_PASSPHRASE: 'correct horse' } });
    const opened = await again.call('POST', `/v1/vaults/${String(made.json.id)}/decrypt`, {
      fields: ['first_name'],
      reason: 'e2e',
    });
    expect(opened.json.data).toEqual({ first_name: 'Ada' });
  });

  it('--ephemeral keeps nothing', async () => {
    const temporary = folder();
    const vault = new LocalVault({ data: '', env: { TMPDIR: temporary, ENCLAVE_VAULT_EPHEMERAL: '1' } });
    vaults.push(vault);
    await vault.ready();
    const data = /data {7}(\S+) \(removed at the end\)/.exec(vault.output)?.[1] ?? '';
    expect(existsSync(join(data, 'admin.key'))).toBe(true);
    expect(await vault.stop()).toBe(0);
    expect(existsSync(data)).toBe(false);
  });

  it.each([
    [['--port', '99999'], '--port takes a whole number from 0 to 65535'],
    [['--enclaves', '0'], '--enclaves takes a whole number from 1 to 16'],
    [['--nonsense'], "Unknown option '--nonsense'"],
    [['--ephemeral', '--data', 'x'], '--data and --ephemeral exclude each other'],
    [['--tls-cert', 'x'], '--tls-cert and --tls-key go together'],
  ])('%j is a mistake of use', async (args, message) => {
    const { code, err } = await run(['dev', ...args]);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });

  it('a port in use, an address beyond loopback, a broken schema or no image: one line each, and nothing left running', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((done) => taken.once('listening', done));
    const port = String((taken.address() as { port: number }).port);
    const data = folder();
    const broken = join(folder(), 'schema.json');
    writeFileSync(broken, '{"version":1,"fields":{"x":{"type":"nonsense"}}}');
    for (const [args, message] of [
      [['--port', port], /in use/],
      [['--port', '0', '--host', '0.0.0.0'], /unsafe-plain-http|loopback/],
      [['--port', '0', '--schema', broken], /schema/],
      [['--port', '0', '--schema', join(data, 'none.json')], /cannot be read/],
      [['--port', '0', '--image', data], /no enclave image/],
    ] as const) {
      const { code, err } = await run(['dev', '--data', data, ...args]);
      expect([args, code]).toEqual([args, 1]);
      expect(err).toMatch(message);
      expect(err).not.toContain('    at ');
      expect(existsSync(join(data, 'running.json'))).toBe(false);
    }
    taken.close();
  });
});
