// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { backup } from '../src/commands/backup.ts';

let folder: string;
let said: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ev-test-'));
  said = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

test('a backup that fails leaves nothing in the way of the next, and says who else may write there', async () => {
  const [data, copy] = [join(folder, 'data'), join(folder, 'copy')];
  mkdirSync(data);
  mkdirSync(copy);
  chmodSync(copy, 0o777);
  writeFileSync(join(data, 'vault.db'), 'no database at all, whatever its name is'.repeat(200));
  writeFileSync(join(data, 'audit-heads.log'), '{}\n');
  await expect(backup([copy, '--data', data])).rejects.toThrow();
  expect(readdirSync(copy)).toEqual([]);
  expect(said).toContain('others may write to');
});
