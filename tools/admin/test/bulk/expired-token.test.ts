// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { FakeRecords, FakeVault } from './fake-vault.ts';
import { importLines, optionsIn } from './support.ts';

vi.spyOn(process.stderr, 'write').mockReturnValue(true);

it.each([false, true])(
  'no row is refused because a token expired in the middle: with a new one it is asked for again (batch: %s)',
  async (batch) => {
    const folder = mkdtempSync(join(tmpdir(), 'ev-expired-'));
    const path = join(folder, 'in');
    writeFileSync(path, Array.from({ length: 300 }, (_, n) => `{"first_name":"p${n}"}\n`).join(''));
    let expired = false;
    const records = new FakeRecords();
    const vault = await FakeVault.open(
      {
        error: (nth) => {
          expired = nth >= 40;
          return expired ? 'unauthenticated' : undefined;
        },
        stopped: (nth) => (nth >= 50 ? 'unauthenticated' : undefined),
        problem: () => (expired ? { status: 401, code: 'unauthenticated' } : undefined),
      },
      records,
    );
    const first = await importLines(vault, path, optionsIn(folder, { concurrency: 1, batch }));
    expect(first.report).toMatchObject({ ended: 'failed', code: 'request_failed', refused: 0 });
    expect(first.failure?.message).toContain('401 unauthenticated');
    vault.close();
    const later = await FakeVault.open({}, records);
    const { report } = await importLines(later, path, optionsIn(folder, { batch }));
    expect(report).toMatchObject({ ended: 'finished', done: 300, refused: 0 });
    expect(records.byId.size).toBe(300);
    later.close();
    rmSync(folder, { recursive: true, force: true });
  },
);
