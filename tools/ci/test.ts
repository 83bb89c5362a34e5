// SPDX-License-Identifier: Apache-2.0
/**
 * The end of `npm test`: all tests, then the threat model against what they said. Arguments are Vitest's. Of a part of the tests the
 * threat model is not asked: it would miss the others.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { testRun } from './arguments.ts';

const ROOT = join(import.meta.dirname, '../..');
const { args, report, whole } = testRun(process.argv.slice(2), '.cache/vitest.json');

function run(script: string, words: readonly string[]): Promise<number> {
  return new Promise((ended) => {
    const child = spawn(process.execPath, [join(ROOT, script), ...words], { cwd: ROOT, stdio: 'inherit' });
    // A terminal signals the child as well; what is left here is to wait for its end.
    const pass = (signal: NodeJS.Signals) => void child.kill(signal);
    process.on('SIGINT', () => {}).on('SIGTERM', pass);
    child.once('error', () => ended(1)).once('close', (code) => ended(code ?? 1));
  });
}

// An older report must not be taken for that of this run.
if (report !== undefined) {
  rmSync(resolve(ROOT, report), { force: true });
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
}
const tests = await run('node_modules/vitest/vitest.mjs', ['run', ...args]);
let model = 0;
if (!whole) console.log('threat model: not checked, since these were not all tests');
else if (report === undefined) console.log('threat model: not checked, since there is no JSON report');
else {
  model = await run('tools/admin/bin/enclave-vault.mjs', [
    'threat-model',
    'check',
    '--results',
    resolve(ROOT, report),
  ]);
}
process.exitCode = tests === 0 ? model : tests;
