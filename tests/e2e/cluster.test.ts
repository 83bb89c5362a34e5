// SPDX-License-Identifier: Apache-2.0
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LocalVault, run } from '../support/local-vault.ts';

const RECORD = { first_name: 'Ada', dob: '1985-12-10' };
/** Each with a connection of its own, as many as make it certain that both processes get some (2^-63 that not). */
const CONNECTIONS = 64;

/** Two processes of the API at one port, with the same store. */
describe('an API of two processes', () => {
  let vault: LocalVault;
  beforeAll(async () => {
    vault = await LocalVault.start({ args: ['--apis', '2'] });
  });
  afterAll(() => vault.stop());

  const fresh = { headers: { connection: 'close' } };
  const many = async <T>(work: (i: number) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: CONNECTIONS }, (_, i) => work(i)));
  const figures = async (): Promise<string> => (await vault.call('GET', '/metrics', undefined, fresh)).text;
  /** With those of both: one that stands still for half a second is left out. */
  const whole = (): Promise<string> =>
    vi.waitFor(async () => {
      const text = await figures();
      for (const n of [1, 2]) expect(text).toContain(`enclave_vault_process_up{process="${n}"} 1\n`);
      return text;
    }, 60_000);
  const answered = (text: string, member: number, route: string): number =>
    [...text.matchAll(/^enclave_vault_http_requests_total\{(.*)\} (\d+)$/gm)]
      .filter(
        ([, labels = '']) => labels.includes(`process="${member}"`) && labels.includes(`route="${route}"`),
      )
      .reduce((sum, [, , count]) => sum + Number(count), 0);

  it('shares connections, and any process opens and changes what another made', async () => {
    const before = await whole();
    const made = await many(() => vault.call('POST', '/v1/vaults', RECORD, fresh));
    expect(made.map(({ status }) => status)).toEqual(made.map(() => 201));
    const opened = await many((i) =>
      vault.call(
        'POST',
        `/v1/vaults/${made[i]?.json.id}/decrypt`,
        { fields: ['dob'], reason: 'test' },
        fresh,
      ),
    );
    expect(opened.map(({ json }) => json.data)).toEqual(made.map(() => ({ dob: '1985-12-10' })));
    const text = await whole();
    const counts = [1, 2].map(
      (member) => answered(text, member, '/v1/vaults') - answered(before, member, '/v1/vaults'),
    );
    expect(counts[0]).toBeGreaterThan(0);
    expect(counts[1]).toBeGreaterThan(0);
    expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBe(CONNECTIONS);
  });

  it('keeps one chain of a record that both write to at once', async () => {
    const { json } = await vault.call('POST', '/v1/vaults', RECORD);
    const path = `/v1/vaults/${json.id}`;
    const written = await many((i) => vault.call('PATCH', path, { city: `city ${i}` }, fresh));
    const statuses = written.map(({ status }) => status);
    // A chain that conflicts again and again says that it is busy, and nothing else.
    expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([]);
    const done = statuses.filter((status) => status === 200).length;
    const audit = await vault.call('GET', `${path}/audit?limit=500`);
    const entries = audit.json.entries as unknown as { n: number; event: string }[];
    expect(entries.filter(({ event }) => event === 'UpdateVault')).toHaveLength(done);
    expect(entries.map(({ n }) => n)).toEqual(entries.map((_, i) => entries.length - i));
    expect((await run(['audit', 'verify', '--data', vault.data])).code).toBe(0);
  });

  it('shows the figures of all at whichever is asked, each name with one HELP', async () => {
    const text = await whole();
    expect(text).toContain('enclave_vault_process_up{process="1"} 1\n');
    expect(text).toContain('enclave_vault_process_up{process="2"} 1\n');
    expect(text).toMatch(/^enclave_vault_resident_memory_bytes\{process="1"\} \d+$/m);
    expect(text).toMatch(/^enclave_vault_resident_memory_bytes\{process="2"\} \d+$/m);
    const heads = text.split('\n').filter((line) => line.startsWith('# HELP'));
    expect(new Set(heads.map((line) => line.split(' ')[2])).size).toBe(heads.length);
  });

  it('knows a key of one process in the other, and no longer when it was revoked', async () => {
    const made = await vault.call('POST', '/v1/keys', { scopes: ['vaults:read'] }, fresh);
    expect(made.status).toBe(201);
    const key = String(made.json.token);
    const ask = () =>
      vault.call('GET', '/v1/vaults/v_00000000000000000000000000', undefined, { ...fresh, key });
    expect(new Set((await many(ask)).map(({ status }) => status))).toEqual(new Set([404]));
    expect((await vault.call('DELETE', `/v1/keys/${made.json.id}`)).status).toBeLessThan(300);
    // The other process may still know it for the second that it remembers keys.
    await expect
      .poll(async () => [...new Set((await many(ask)).map(({ status }) => status))], {
        timeout: 60_000,
        interval: 250,
      })
      .toEqual([401]);
  });

  it('goes on answering while one of them is killed, and has it back', async () => {
    const { 'api-2': pid } = (await vault.control('/pids')) as unknown as Record<string, number>;
    process.kill(pid ?? 0, 'SIGKILL');
    await vault.until('process_died', ({ of }) => of === 'api-2');
    const answers = await many(() => vault.call('GET', '/health', undefined, fresh));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    await vault.until('process_restarted', ({ of }) => of === 'api-2');
    await expect.poll(figures, { timeout: 60_000 }).toContain('enclave_vault_process_up{process="2"} 1');
    const { 'api-2': again } = (await vault.control('/pids')) as unknown as Record<string, number>;
    expect(again).not.toBe(pid);
  });

  it('leaves its port to no other vault', async () => {
    const { port } = new URL(vault.url);
    const other = await run(['dev', '--port', port, '--apis', '2', '--ephemeral', '--canary-interval', '0']);
    expect(other.code).toBe(1);
    expect(other.err).toContain('port is in use');
  });

  it('ends in order, with nobody left at the port', async () => {
    // A first attempt may have left none.
    if (vault.process.exitCode !== null)
      vault = await LocalVault.start({ data: vault.data, args: ['--apis', '2'] });
    const port = Number(new URL(vault.url).port);
    expect(await vault.stop({ keep: true })).toBe(0);
    const left = await new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve('somebody'));
      socket.once('error', (error) => resolve('code' in error ? String(error.code) : ''));
    });
    expect(left).toBe('ECONNREFUSED');
  });
});
