// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const source = (path: string) => JSON.stringify(fileURLToPath(new URL(path, import.meta.url)));

/** A process of two settings, one of them secret, that says what it was told. */
const PROGRAM = `
import { runProcess } from ${source('../src/process.ts')};
import { defineRole, integer, readRole, text } from ${source('../../settings/src/index.ts')};
const ROLE = defineRole('probe', { doc: '', settings: [
  { path: 'port', env: 'ENCLAVE_VAULT_PORT', doc: '', read: integer(1, 65535) },
  { path: 'token', env: 'ENCLAVE_VAULT_TOKEN', doc: '', read: text(), secret: true },
] });
await runProcess({
  name: 'probe',
  read: (from) => readRole(ROLE, from),
  start: async ({ port, token }) => ({ ready: { port, length: token.length }, stop: async () => {} }),
});
setInterval(() => {}, 1000);
`;
const SECRET = 'not-to-be-seen';
let folder: string;
let program: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'process-'));
  program = join(folder, 'program.ts');
  file = join(folder, 'role.json');
  writeFileSync(program, PROGRAM);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Run {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input; it ends after that. */
  readonly input?: string;
}

/** Runs the program until it is ready, is told to end, and ends. */
function run({
  args = [],
  env = {},
  input = '',
}: Run): Promise<{ code: number | null; out: string; log: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], { env: { ...env }, stdio: 'pipe' });
    let [out, log] = ['', ''];
    child.stdout.on('data', (data) => {
      out += data;
      // A process that took the end of standard input for its supervisor's would be gone by then.
      setTimeout(() => child.kill('SIGTERM'), 50);
    });
    child.stderr.on('data', (data) => (log += data));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.on('exit', (code) => resolve({ code, out, log }));
  });
}

test.each([
  ['--config', () => ({ args: ['--config', file] }), 443],
  ['ENCLAVE_VAULT_CONFIG', () => ({ env: { ENCLAVE_VAULT_CONFIG: file } }), 443],
  [
    'a variable over the file',
    () => ({ args: ['--config', file], env: { ENCLAVE_VAULT_PORT: '8443' } }),
    8443,
  ],
])('reads its file as %s says, and does not wait for standard input', async (_how, how, port) => {
  writeFileSync(file, JSON.stringify({ port: 443, token: SECRET }));
  const { code, out, log } = await run(how());
  expect(JSON.parse(out)).toEqual({ event: 'ready', port, length: SECRET.length });
  expect(code).toBe(0);
  expect(log).toContain('"cause":"SIGTERM"');
});

test('reads standard input without a file, and then nothing of the environment', async () => {
  const { out } = await run({
    input: `${JSON.stringify({ port: 1, token: SECRET })}\n`,
    env: { ENCLAVE_VAULT_PORT: '2', ENCLAVE_VAULT_OTHER: 'x' },
  });
  expect(JSON.parse(out)).toMatchObject({ port: 1 });
});

test.each([
  ['everything that is wrong', { port: 0, token: '', tokn: SECRET }, [], ['port', 'token', 'tokn']],
  ['a file that is not JSON', `{"token": ${SECRET}`, [], ['ENCLAVE_VAULT_CONFIG']],
  ['other arguments', { port: 1, token: SECRET }, ['--port', '1'], ['arguments']],
])('exits 2 with one line of %s', async (_what, content, more, settings) => {
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  const { code, out, log } = await run({ args: ['--config', file, ...more] });
  expect({ code, out }).toEqual({ code: 2, out: '' });
  const line = JSON.parse(log) as { event: string; problems: { setting: string }[] };
  expect(line.event).toBe('config_invalid');
  expect(line.problems.map(({ setting }) => setting).sort()).toEqual([...settings].sort());
  expect(log).not.toContain(SECRET);
});
