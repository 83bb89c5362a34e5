// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { buildCanary, bundleCanary } from '../build.ts';

const folder = await mkdtemp(join(tmpdir(), 'canary-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/mrk-00000000000000000000000000000001';

/** The file as Lambda loads it, called once, where KMS is a port that nobody listens at. */
function call(file: string, env: Record<string, string>): Promise<{ code: number | null; out: string }> {
  const script = `const { handler } = await import(${JSON.stringify(file)}); await handler({ any: 'event' });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: {
      PATH: process.env.PATH,
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'not-to-be-seen',
      ...env,
    },
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out })));
}

describe.each(['canary-inside', 'canary-outside'] as const)('%s', (name) => {
  it('is one file, the same bytes each time', async () => {
    const built = await buildCanary(name, join(folder, name));
    expect(await readdir(built.directory)).toEqual(['index.mjs']);
    const written = await readFile(join(built.directory, 'index.mjs'));
    expect(Buffer.from(await bundleCanary(name)).equals(written)).toBe(true);
    expect(written.length).toBe(built.bytes);
  });

  it('runs alone, reports what it found in one line, and says no secret', async () => {
    const { directory } = await buildCanary(name, join(folder, `${name}-run`));
    const { code, out } = await call(join(directory, 'index.mjs'), {
      ENCLAVE_VAULT_KEYS_VAULT: ARN,
      ENCLAVE_VAULT_KEYS_REQUEST: ARN,
      ENCLAVE_VAULT_METRICS_NAMESPACE: 'vault',
      ENCLAVE_VAULT_KMS_ENDPOINT: 'https://127.0.0.1:1',
    });
    expect(code).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      Canary: name.slice('canary-'.length),
      ExpectedDenied: 0,
      UnexpectedAllow: 0,
      // The four probes; and inside, that there is nothing to compare policies with.
      CanaryError: name === 'canary-inside' ? 5 : 4,
    });
    expect(out).not.toContain('not-to-be-seen');
  });

  it('does not start without its settings, and names them', async () => {
    const { directory } = await buildCanary(name, join(folder, `${name}-bare`));
    const { code, out } = await call(join(directory, 'index.mjs'), { ENCLAVE_VAULT_KEYS_VAULT: ARN });
    expect(code).not.toBe(0);
    expect(out).toContain('keys.request');
  });
});

it('the two differ in where they are', async () => {
  const [inside, outside] = await Promise.all([
    bundleCanary('canary-inside'),
    bundleCanary('canary-outside'),
  ]);
  expect(Buffer.from(inside).equals(Buffer.from(outside))).toBe(false);
});
