// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runNode, Stopped } from '../child.ts';

const RUNNER = join(import.meta.dirname, '../child.ts');
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mutation-child-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A stand-in for Stryker: counts what asks it to end, and ends half a second after the first. */
const CHILD = `
const { appendFileSync } = require('node:fs');
const say = (word) => appendFileSync(process.argv[2], word + '\\n');
process.on('SIGTERM', () => { say('asked'); setTimeout(() => process.exit(143), 500); });
process.on('SIGINT', () => say('interrupted'));
setInterval(() => {}, 1000);
say('there');
`;

describe('the process that mutates', () => {
  test('is asked to end once where a signal reaches the whole group twice', async () => {
    const said = join(mkdtempSync(join(folder, 'said-')), 'said');
    const child = join(folder, 'child.cjs');
    const parent = join(folder, 'parent.ts');
    writeFileSync(said, '');
    writeFileSync(child, CHILD);
    writeFileSync(
      parent,
      `import { runNode, Stopped } from ${JSON.stringify(RUNNER)};
await runNode('.', [${JSON.stringify(child)}, ${JSON.stringify(said)}]).catch((error: unknown) => {
  process.exit(error instanceof Stopped ? 130 : 1);
});`,
    );
    const running = spawn(process.execPath, [parent], { detached: true, stdio: 'ignore' });
    const exit = new Promise<number | null>((resolve) => running.once('exit', resolve));
    await vi.waitFor(() => expect(readFileSync(said, 'utf8')).toBe('there\n'), {
      timeout: 120_000,
      interval: 50,
    });
    const group = -(running.pid ?? 0);
    process.kill(group, 'SIGINT');
    process.kill(group, 'SIGTERM');
    expect(await exit).toBe(130);
    expect(readFileSync(said, 'utf8')).toBe('there\nasked\n');
  });

  test('fails the run by its exit code, which is no wish to stop', async () => {
    const failed = await runNode('.', ['-e', 'process.exit(3)']).catch((error: unknown) => error);
    expect(failed).toEqual(new Error('Stryker ended with 3'));
    expect(failed).not.toBeInstanceOf(Stopped);
    await expect(runNode('.', ['-e', ''])).resolves.toBeUndefined();
  });
});
