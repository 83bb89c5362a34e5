// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { CanaryKeeper } from '../src/canary/keeper.ts';
import { CANARY_ROLE } from '../src/dev/deployment.ts';

const GOOD = { probe: 'vault.decrypt', outcome: 'ExpectedDenied', reason: 'key_policy' };
const OPEN = { probe: 'vault.decrypt', outcome: 'UnexpectedAllow', reason: 'done' };
const RUN = { event: 'canary_run', readings: [GOOD] };

let folder: string;
let keeper: CanaryKeeper;
beforeAll(async () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  folder = await mkdtemp(join(tmpdir(), 'keeper-'));
  const figures = join(folder, 'figures.sock');
  keeper = new CanaryKeeper({ intervalSeconds: 60, figures, restart: () => undefined });
  await keeper.listen();
});
afterAll(async () => {
  await keeper.close();
  await rm(folder, { recursive: true });
  vi.restoreAllMocks();
});

const figures = (): Promise<string> =>
  new Promise((resolve, reject) => {
    get({ socketPath: join(folder, 'figures.sock'), path: '/' }, async (answer) =>
      resolve((await answer.setEncoding('utf8').toArray()).join('')),
    ).once('error', reject);
  });
const runs = async (place: string) =>
  new RegExp(`^enclave_vault_canary_runs_total\\{place="${place}"\\} (\\d+)$`, 'm').exec(
    await figures(),
  )?.[1];

it('believes a run of the canary’s own process, and of no other that writes such a line', async () => {
  expect(keeper.hear('canary', { event: 'canary_run', readings: [OPEN] })).toBe(true);
  expect(await runs('local')).toBe('1');
  for (const other of ['api', 'parent', 'kms', 'hypervisor'] as const)
    expect(keeper.hear(other, RUN)).toBe(false);
  expect(await runs('local')).toBe('1');
  expect(await figures()).toContain('outcome{place="local",outcome="UnexpectedAllow"} 1');
});

it('believes the parent of what it found as the parent, and nobody else', async () => {
  for (const other of ['api', 'kms', 'hypervisor', 'canary'] as const)
    expect(keeper.hear(other, { event: 'canary', ...GOOD })).toBe(false);
  expect(keeper.hear('parent', { event: 'canary', ...GOOD })).toBe(true);
  await vi.waitFor(async () => expect(await runs('parent')).toBe('1'), { timeout: 60_000 });
});

it('keeps refusals of probes out of the log only where KMS says them', () => {
  const refused = { event: 'kms_denied', principal: CANARY_ROLE };
  expect(keeper.hear('kms', refused)).toBe(true);
  expect(keeper.hear('api', refused)).toBe(false);
  expect(keeper.hear('kms', { ...refused, principal: 'another' })).toBe(false);
});
