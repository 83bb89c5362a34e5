// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolders } from '../src/dev/folders.ts';
import { parseDevOptions } from '../src/dev/options.ts';
import { LocalVault } from '../src/dev/vault.ts';

const ROOT = join(import.meta.dirname, '../../..');

test('a canary that was about to start when the vault was stopped is not started: nobody would end it', async () => {
  const data = mkdtempSync(join(tmpdir(), 'ev-test-'));
  const options = parseDevOptions(['--data', data], {}, ROOT);
  const folders = makeFolders(options);
  try {
    const vault = new LocalVault(options, ROOT, folders, () => false);
    await vault.stop();
    await expect(vault.startCanary({})).rejects.toMatchObject({ code: 'process_failed' });
    await expect(vault.start()).rejects.toMatchObject({ code: 'process_failed' });
    expect(vault.pids()).toEqual({});
  } finally {
    folders.remove();
    rmSync(data, { recursive: true, force: true });
  }
});
