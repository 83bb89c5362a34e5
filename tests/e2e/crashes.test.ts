// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, LocalVault } from '../support/local-vault.ts';

let vault: LocalVault;
let id = '';

beforeAll(async () => {
  vault = await LocalVault.start();
  const made = await vault.call('POST', '/v1/vaults', { first_name: 'Ada' });
  id = String(made.json.id);
});
afterAll(() => vault.stop());

const decrypt = () =>
  vault.call('POST', `/v1/vaults/${id}/decrypt`, { fields: ['first_name'], reason: 'e2e' });

/** Asks until it works; what it answered meanwhile is returned too. */
async function recovered(): Promise<{ last: Answer | undefined; meanwhile: Answer[] }> {
  const meanwhile: Answer[] = [];
  const until = Date.now() + 15_000;
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
      const after = (await vault.control('/pids')) as Record<string, number>;
      expect(after[name]).not.toBe(before[name]);
    },
    30_000,
  );
});
