// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { LoopbackAws } from '../../../host/stores/test/support/loopback-aws.ts';
import { headsOf } from '../src/commands/audit-heads.ts';

const folder = mkdtempSync(join(tmpdir(), 'heads-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

const LINE = JSON.stringify({ log: 'v_x', n: 1, hash: '00'.repeat(32), time: '2026-01-02T03:04:05.000006Z' });
const HEAD = { log: 'v_x', n: 1, hash: Buffer.alloc(32), time: 1_767_323_045_000_006 };

it('heads of a file are read from the folder that the caller is in', async () => {
  writeFileSync(join(folder, 'heads.log'), `${LINE}\n`);
  const read = await headsOf('heads.log', folder, {});
  // From the beginning each time.
  for (const _ of [1, 2]) expect(await Array.fromAsync(read())).toEqual([HEAD]);
  await expect(headsOf('other.log', folder, {})).rejects.toMatchObject({ code: 'data_unreadable' });
});

it('a pipe is refused: read again, it would hold nothing, and all would be well', async () => {
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  for (const path of ['pipe', '/dev/null', '.'])
    await expect(headsOf(path, folder, {}), path).rejects.toMatchObject({ code: 'data_unreadable' });
});

it('heads of a log group are read in the Region of the environment', async () => {
  const server = new LoopbackAws();
  await server.start();
  server.answer = () => ({ ok: { events: [{ message: LINE }] } });
  const { endpoint, credentials } = server.place;
  vi.stubEnv('AWS_ENDPOINT_URL_CLOUDWATCH_LOGS', endpoint);
  vi.stubEnv('AWS_ACCESS_KEY_ID', credentials.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', credentials.secretAccessKey);
  try {
    const heads = await headsOf('log-group:vault-heads', folder, { AWS_REGION: 'eu-central-1' });
    expect(await Array.fromAsync(heads())).toEqual([HEAD]);
    expect(server.bodies('FilterLogEvents')).toEqual([{ logGroupName: 'vault-heads' }]);
  } finally {
    await server.stop();
  }
});

it.each([
  ['log-group:', { AWS_REGION: 'eu-central-1' }],
  ['log-group:heads', {}],
])('a log group without a name or a Region is a mistake: %s', async (against, environment) => {
  await expect(headsOf(against, folder, environment)).rejects.toMatchObject({ code: 'usage' });
});
