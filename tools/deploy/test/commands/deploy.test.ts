// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DEPLOY } from '@enclave-vault/infra';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { signer } from '../../../../verifier/eif/test/write-eif.ts';
import { deployCommand } from '../../src/commands/deploy.ts';
import { legacyPolicies } from '../../src/commands/legacy.ts';
import { liveSet } from '../../src/commands/live.ts';
import type { World } from '../../src/commands/world.ts';
import { parseDeploy } from '../../src/options.ts';
import { deploy } from '../../src/plan/deploy.ts';
import { Rehearsal } from '../support/rehearsal.ts';
import { type Fixture, PROJECT_KEY, releaseFixture } from '../support/release-fixture.ts';
import { refusal, SHORT } from '../support/tools.ts';

vi.mock('@enclave-vault/infra', async (original) => {
  const infra = await original<typeof import('@enclave-vault/infra')>();
  const { memoized } = await import('../support/memo.ts');
  return { ...infra, synthesize: memoized(infra.synthesize) };
});

/** Of the image's certificate, which is good for a day. */
const BEGINS = Date.UTC(2031, 5, 1);
const ENDS = BEGINS + 86_400_000;
const DAY = 86_400_000;

let release: Fixture;
beforeAll(async () => {
  release = await releaseFixture('1.0.0', '1.0.0', { certificate: signer('secp384r1', BEGINS) });
});

async function worldOf(rehearsal: Rehearsal): Promise<{ world: World; config: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'deploy-command-'));
  const config = join(folder, 'deploy.json');
  const key = join(folder, 'project.pem');
  await writeFile(key, PROJECT_KEY);
  const file = { ...(DEPLOY.example as object), release: { folder: release.folder, key } };
  await writeFile(config, JSON.stringify(file));
  const { cloud, clock, console } = rehearsal;
  return { world: { cloud: () => cloud, clock, console, limits: SHORT, env: {} }, config };
}

async function dryRun(now: number): Promise<string> {
  const rehearsal = new Rehearsal();
  rehearsal.clock.time = now;
  const { world, config } = await worldOf(rehearsal);
  const options = parseDeploy(['--config', config, '--dry-run'], '/');
  if (options.command !== 'deploy') throw new Error('no deployment');
  await deployCommand(world, options);
  return rehearsal.console.text;
}

describe('the certificate of a release’s image', () => {
  test('that has ended is refused: no instance would start it', async () => {
    const { code, text } = await refusal(dryRun(ENDS));
    expect(code).toBe('release_refused');
    expect(text).toContain('ended 2031-06-02');
  });

  test('that ends within 60 days is spoken of', async () => {
    expect(await dryRun(ENDS - 59 * DAY)).toContain('The certificate of the image ends 2031-06-02');
  });

  test('that is good for longer is not', async () => {
    expect(await dryRun(ENDS - 61 * DAY)).not.toContain('certificate');
  });
});

describe('a release that is older than the one deployed', () => {
  async function run(rehearsal: Rehearsal, ...more: string[]): Promise<string> {
    rehearsal.clock.time = BEGINS;
    const { world, config } = await worldOf(rehearsal);
    const options = parseDeploy(['--config', config, '--dry-run', ...more], '/');
    if (options.command !== 'deploy') throw new Error('no deployment');
    await deployCommand(world, options);
    return rehearsal.console.text;
  }

  test('is refused, though its signature is good; --older takes it', async () => {
    const rehearsal = new Rehearsal();
    await deploy(await rehearsal.run(await releaseFixture('1.0.1')));
    const { code, text } = await refusal(run(rehearsal));
    expect(code).toBe('release_older');
    expect(text).toContain('release 1.0.0 is older than 1.0.1, which is deployed');
    expect(await run(rehearsal, '--older')).toContain('Nothing was changed.');
  });

  test('is refused while the newer one is still being put in place', async () => {
    const rehearsal = new Rehearsal();
    await deploy(await rehearsal.run(await releaseFixture('1.0.1')));
    const name = `${rehearsal.config.name}-decryption`;
    for (const status of ['UPDATE_IN_PROGRESS', 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS']) {
      rehearsal.cloud.here.set(name, { status });
      expect((await refusal(run(rehearsal))).code, status).toBe('release_older');
    }
  });

  test.each(['1.0.0', '1.0.0-rc.1', '0.9.9'])('%s before it was, the release is taken', async (version) => {
    const rehearsal = new Rehearsal();
    await deploy(await rehearsal.run(await releaseFixture(version)));
    expect(await run(rehearsal)).toContain('Nothing was changed.');
  });
});

describe('--print-live', () => {
  test('is null where there are no keys, and what they admit where there are', async () => {
    const rehearsal = new Rehearsal();
    const { world, config } = await worldOf(rehearsal);
    expect(await liveSet(world, config)).toBeNull();
    await deploy(await rehearsal.run(release));
    expect((await liveSet(world, config))?.pcr0).toEqual([release.release.image.pcr0]);
    expect(await liveSet(world, config)).toEqual(await rehearsal.admitted());
  });

  test('is refused while the keys are being changed: what they admit is not nobody', async () => {
    const rehearsal = new Rehearsal();
    const { world, config } = await worldOf(rehearsal);
    await deploy(await rehearsal.run(release));
    rehearsal.cloud.here.busy('vault-keys');
    expect(await refusal(liveSet(world, config))).toEqual({
      code: 'live_set_unclear',
      text: 'vault-keys is UPDATE_IN_PROGRESS: what its keys admit cannot be told before that ends',
    });
  });

  test('is refused where a change of the keys came neither forward nor back', async () => {
    const rehearsal = new Rehearsal();
    const { world, config } = await worldOf(rehearsal);
    await deploy(await rehearsal.run(release));
    rehearsal.cloud.here.fail('vault-keys', { reason: 'no', stuck: true });
    await refusal(deploy(await rehearsal.run(await releaseFixture('2.0.0', '2.0.0'))));
    expect(await refusal(liveSet(world, config))).toEqual({
      code: 'live_set_unclear',
      text: 'vault-keys is UPDATE_ROLLBACK_FAILED: what its keys admit cannot be told before that ends',
    });
  });
});

describe('--print-legacy-policies', () => {
  const legacyKey = 'arn:aws:kms:eu-central-1:111122223333:key/eeeeeeee-eeee-4eee-8eee-eeeeeeeeeeee';

  async function worldWithKey(rehearsal: Rehearsal) {
    const { world, config } = await worldOf(rehearsal);
    await writeFile(config, JSON.stringify({ ...(DEPLOY.example as object), legacyKeys: [legacyKey] }));
    return { world, config };
  }

  test('names what the deployed keys admit, the network there, and nothing before there is one', async () => {
    const rehearsal = new Rehearsal();
    const { world, config } = await worldWithKey(rehearsal);
    const { code } = await refusal(legacyPolicies(world, config));
    expect(code).toBe('stack_missing');
    await deploy(await rehearsal.run(release));
    const [policy, ...others] = await legacyPolicies(world, config);
    expect(others).toEqual([]);
    expect(policy?.key).toBe(legacyKey);
    const live = await liveSet(world, config);
    const statements = policy?.afterwards.Statement ?? [];
    const pcr0 = statements.find(({ Sid }) => Sid === 'DenyWithoutPCR0');
    expect(pcr0?.Condition).toEqual({
      StringNotEqualsIgnoreCase: { 'kms:RecipientAttestation:PCR0': live?.pcr0 },
    });
    expect(statements.map(({ Sid }) => Sid)).toContain('DenyOutsideNetwork');
    expect(policy?.whileSampleRuns?.Effect).toBe('Allow');
  });

  test('has nothing to say where there are no such keys', async () => {
    const rehearsal = new Rehearsal();
    const { world, config } = await worldOf(rehearsal);
    await deploy(await rehearsal.run(release));
    expect(await legacyPolicies(world, config)).toEqual([]);
  });
});

describe('--phase', () => {
  test('smoke test and role files are of the phase that deploys', async () => {
    const rehearsal = new Rehearsal();
    const { world, config } = await worldOf(rehearsal);
    const told: string[] = [];
    for (const phase of ['widen', 'deploy', 'narrow']) {
      const out = join(dirname(config), phase);
      const options = parseDeploy(['--config', config, '--out', out, '--phase', phase, '--yes'], '/');
      if (options.command !== 'deploy') throw new Error('no deployment');
      await deployCommand(world, options);
      const files: readonly string[] = await readdir(out).catch(() => []);
      told.push(`${phase}: ${rehearsal.cloud.invoked.splice(0).join()} ${files.includes('api.json')}`);
    }
    expect(told).toEqual(['widen:  false', 'deploy: vault-smoke true', 'narrow:  false']);
  });
});
