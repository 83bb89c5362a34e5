// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NODE_FLAGS } from '../../build/flags.ts';

const folder = mkdtempSync(join(tmpdir(), 'ev-flags-'));
let outcome: { inProcess: Record<string, string>; inWorker: Record<string, string> };

beforeAll(async () => {
  const probe = join(folder, 'probe.mjs');
  // Not by the enclave's build, which refuses nearly every line of it.
  await build({
    entryPoints: [fileURLToPath(new URL('../fixtures/worker-probe.ts', import.meta.url))],
    outfile: probe,
    bundle: true,
    platform: 'node',
    format: 'esm',
  });
  const printed = execFileSync(process.execPath, [...NODE_FLAGS, probe], {
    cwd: folder,
    env: {},
    encoding: 'utf8',
  });
  outcome = JSON.parse(printed);
});
afterAll(() => rmSync(folder, { recursive: true }));

const REFUSED = {
  readFile: 'ERR_ACCESS_DENIED',
  writeFile: 'ERR_ACCESS_DENIED',
  childProcess: 'ERR_ACCESS_DENIED',
  sqlite: expect.stringContaining('undefined'),
  inspector: 'ERR_ACCESS_DENIED',
  addon: 'ERR_DLOPEN_DISABLED',
  codeFromString: 'Code generation from strings disallowed for this context',
  prototype: expect.stringContaining('not extensible'),
  proto: 'gone',
  environment: '0',
  work: '2d71',
};

test('the process has what the program needs and no more', () => {
  expect(outcome.inProcess).toEqual(REFUSED);
});

test('an expression worker has no more than the process, and cannot start a thread to get it', () => {
  expect(outcome.inWorker).toEqual({ ...REFUSED, thread: 'ERR_ACCESS_DENIED' });
});
