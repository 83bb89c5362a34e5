// SPDX-License-Identifier: Apache-2.0
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const MAIN = join(import.meta.dirname, '../src/main.ts');

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  new Promise<Ended>((resolve) => {
    const child = execFile(process.execPath, [MAIN, ...args], { env }, (_error, out, err) => {
      resolve({ code: child.exitCode ?? -1, out, err });
    });
  });

describe('the command', () => {
  test('shows the usage of one command, and of all without one', async () => {
    const [one, all] = await Promise.all([run(['measure', '--help']), run(['--help'])]);
    expect(one.code).toBe(0);
    expect(one.out).toMatch(/^enclave-vault measure /);
    expect(one.out).not.toContain('enclave-vault dev');
    for (const name of [
      'dev',
      'keys',
      'tenants',
      'audit',
      'doctor',
      'import',
      'export',
      'import-sample',
      'measure',
      'channel-roots',
    ])
      expect(all.out).toContain(`enclave-vault ${name} `);
  });

  test('says so where there are no AWS credentials', async () => {
    const key = (n: number) =>
      `arn:aws:kms:eu-central-1:111122223333:key/${n}0000000-0000-4000-8000-000000000000`;
    const keys = ['--server-key', key(1), '--client-key', key(2)];
    const words = ['channel-roots', '--region', 'eu-central-1', ...keys, '--out', '/nowhere'];
    const { code, err } = await run(words, { AWS_EC2_METADATA_DISABLED: 'true', HOME: '/nowhere' });
    expect(code).toBe(1);
    expect(err).toMatch(/^enclave-vault: kms_denied: .*there are no AWS credentials here/);
  });

  test('says what is wrong with its words, and nothing of other commands', async () => {
    const [option, command] = await Promise.all([run(['doctor', '--bogus']), run(['nonsense'])]);
    expect(option).toMatchObject({ code: 2, out: '' });
    expect(option.err).toMatch(/^Unknown option '--bogus'.*\n\nenclave-vault doctor /);
    expect(option.err).not.toContain('enclave-vault dev');
    expect(command).toMatchObject({ code: 2, out: '' });
    expect(command.err).toMatch(/^there is no command nonsense; there are dev, keys, .*help\n$/);
  });

  test('ends as it would have where nobody reads what it prints', async () => {
    const child = spawn(process.execPath, [MAIN, 'help'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let err = '';
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString('utf8');
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });
});
