// SPDX-License-Identifier: Apache-2.0
import { existsSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, LocalVault } from '../support/local-vault.ts';

let vault: LocalVault;
let id = '';

beforeAll(async () => {
  vault = await LocalVault.start();
  const made = await vault.call('POST', '/v1/vaults', { first_name: 'Ada' });
  id = String(made.json.id);
});
afterAll(async () => {
  await vault.stop();
  rmSync(vault.data, { recursive: true, force: true });
});

const decrypt = () =>
  vault.call('POST', `/v1/vaults/${id}/decrypt`, { fields: ['first_name'], reason: 'e2e' });

/** Asks until it works; what it answered meanwhile is returned too. */
async function recovered(): Promise<{ last: Answer | undefined; meanwhile: Answer[] }> {
  const meanwhile: Answer[] = [];
  const until = Date.now() + 60_000;
  while (Date.now() < until) {
    // A killed API refuses connections: that is no answer.
    const answer = await decrypt().catch(() => undefined);
    if (answer?.status === 200) return { last: answer, meanwhile };
    if (answer) meanwhile.push(answer);
    await new Promise((done) => setTimeout(done, 50));
  }
  return { last: undefined, meanwhile };
}

describe('a process that is killed', () => {
  it.each(['kms', 'parent', 'hypervisor', 'api'])(
    '%s: is started again, and meanwhile the answer is 503 with Retry-After',
    async (name) => {
      expect((await decrypt()).status).toBe(200);
      const before = (await vault.control('/pids')) as Record<string, number>;
      process.kill(before[name] ?? 0, 'SIGKILL');
      await vault.until('process_died', (line) => line.of === name);
      const { last, meanwhile } = await recovered();
      expect(last?.json.data).toEqual({ first_name: 'Ada' });
      for (const answer of meanwhile) {
        expect([answer.status, answer.json.code]).toEqual([503, expect.any(String)]);
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      }
      // A record whose key is in the enclave's memory opens without KMS: that one may still be on its way.
      const now = async () => ((await vault.control('/pids')) as Record<string, number>)[name];
      await expect.poll(now, { timeout: 60_000 }).not.toBe(before[name]);
    },
  );
});

describe('a vault that is killed', () => {
  it('leaves no process, and nothing in the folder of its sockets once it is started again', async () => {
    const { data } = vault;
    const run = dirname(vault.running.control);
    const children = Object.values(await vault.control('/pids')) as readonly number[];
    vault.process.kill('SIGKILL');
    await vault.exited;
    expect(existsSync(run)).toBe(true);
    vault = await LocalVault.start({ data });
    expect(vault.logged('left_behind_removed')).toEqual([expect.objectContaining({ folders: [run] })]);
    expect(existsSync(run)).toBe(false);
    await expect.poll(() => children.filter(isAlive), { timeout: 60_000 }).toEqual([]);
    expect((await decrypt()).json.data).toEqual({ first_name: 'Ada' });
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
