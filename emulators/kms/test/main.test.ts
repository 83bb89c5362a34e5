// SPDX-License-Identifier: Apache-2.0
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { CreateKeyCommand, DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { role } from './support/emulator.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const admin = role('admin');

let folder: string;
let stateFile: string;
const running: ChildProcessByStdio<Writable, Readable, Readable>[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kms-main-'));
  stateFile = join(folder, 'kms.json');
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

interface Started {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly exited: Promise<number | null>;
  readonly stderr: () => string;
  readonly ready: Promise<{ endpoints: { port: number; url: string }[]; ca: string }>;
}

function start(firstLine: string, environment: NodeJS.ProcessEnv = {}): Started {
  const child = spawn(process.execPath, [MAIN], { stdio: ['pipe', 'pipe', 'pipe'], env: environment });
  running.push(child);
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdin.write(`${firstLine}\n`);
  return {
    child,
    stderr: () => stderr,
    exited: new Promise((resolve) => child.once('exit', resolve)),
    ready: new Promise((resolve) => {
      createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)));
    }),
  };
}

const config = (more: object = {}) =>
  JSON.stringify({
    region: 'eu-central-1',
    account: '111122223333',
    stateFile,
    attestationRoots: [],
    principals: [admin],
    listeners: [{ host: '127.0.0.1', port: 0, network: null }],
    ...more,
  });

async function clientOf({ ready }: Started): Promise<KMSClient> {
  const { endpoints, ca } = await ready;
  return new KMSClient({
    region: 'eu-central-1',
    endpoint: endpoints[0]?.url ?? '',
    // A copy: the SDK adds a member of its own.
    credentials: { ...admin },
    requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ ca }) }),
  });
}

describe('the process', () => {
  it('keeps keys and its authority over restarts, under a passphrase, and ends by signal', async () => {
    const first = start(config({ passphrase: 'correct horse' }));
    const before = await clientOf(first);
    const { KeyMetadata } = await before.send(new CreateKeyCommand({}));
    const KeyId = KeyMetadata?.KeyId ?? '';
    const { CiphertextBlob } = await before.send(
      new EncryptCommand({ KeyId, Plaintext: Buffer.from('kept') }),
    );
    const { ca } = await first.ready;
    first.child.kill('SIGTERM');
    expect(await first.exited).toBe(0);

    const second = start(config({ passphrase: 'correct horse' }));
    const after = await clientOf(second);
    const { Plaintext } = await after.send(new DecryptCommand({ CiphertextBlob }));
    expect(Buffer.from(Plaintext ?? []).toString()).toBe('kept');
    expect((await second.ready).ca).toBe(ca);
    second.child.kill('SIGINT');
    expect(await second.exited).toBe(0);
    expect(second.stderr()).not.toContain(admin.secretAccessKey);

    const third = start(config({ passphrase: 'battery staple' }));
    expect(await third.exited).toBe(2);
    expect(JSON.parse(third.stderr())).toMatchObject({
      level: 'error',
      process: 'kms',
      event: 'start_failed',
      code: 'passphrase_wrong',
    });
  });

  it('ends when its supervisor is gone', async () => {
    const started = start(config({ stateFile: null }));
    await started.ready;
    started.child.stdin.end();
    expect(await started.exited).toBe(0);
  });

  it('survives kill -9 with every key it acknowledged', async () => {
    const started = start(config());
    const client = await clientOf(started);
    const made = Array.from({ length: 20 }, () => client.send(new CreateKeyCommand({})));
    const ids = Promise.all(made.slice(0, 8).map(async (key) => (await key).KeyMetadata?.KeyId));
    const acknowledged = await ids;
    started.child.kill('SIGKILL');
    await Promise.allSettled(made);
    const again = start(config());
    await again.ready;
    const text = readFileSync(stateFile, 'utf8');
    expect(acknowledged.filter((id) => !text.includes(id ?? '?'))).toEqual([]);
  });

  it.each([
    ['no JSON', () => 'nonsense', 'invalid_config'],
    [
      'a taken port',
      () => config({ listeners: [{ host: '203.0.113.1', port: 0, network: null }] }),
      'EADDRNOTAVAIL',
    ],
    [
      'a damaged state file',
      () => {
        writeFileSync(stateFile, 'x', { mode: 0o600 });
        return config();
      },
      'state_corrupt',
    ],
  ])('exits with 2 and one clear line for %s', async (_, line, code) => {
    const started = start(line());
    expect(await started.exited).toBe(2);
    const lines = started.stderr().trim().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ event: 'start_failed', code });
    expect(started.stderr()).not.toContain(admin.secretAccessKey);
  });
});
