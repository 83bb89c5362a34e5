// SPDX-License-Identifier: Apache-2.0
import { namesOf, stagesOf } from '@enclave-vault/infra';
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { deploy, show } from '../../src/plan/deploy.ts';
import { smokeTest } from '../../src/plan/smoke.ts';
import { Rehearsal } from '../support/rehearsal.ts';
import { type Fixture, releaseFixture } from '../support/release-fixture.ts';
import { refusal } from '../support/tools.ts';

vi.mock('@enclave-vault/infra', async (original) => {
  const infra = await original<typeof import('@enclave-vault/infra')>();
  const { memoized } = await import('../support/memo.ts');
  return { ...infra, synthesize: memoized(infra.synthesize) };
});

let first: Fixture;
let second: Fixture;
let rehearsal: Rehearsal;
beforeAll(async () => {
  first = await releaseFixture('1.0.0');
  second = await releaseFixture('2.0.0');
});
beforeEach(() => {
  rehearsal = new Rehearsal();
});

/** What refuses deletion comes with an update of its own, once everything else of its stack is there. */
const ORDER = [
  'create vault-controllers',
  'protect vault-controllers',
  'create vault-identities',
  'create vault-base',
  'protect vault-base',
  'create vault-network',
  'update vault-network',
  'create vault-artifacts',
  'create vault-keys',
  'protect vault-keys',
  'update vault-keys',
  'create vault-data',
  'protect vault-data',
  'update vault-data',
  'create vault-decryption',
  'update vault-decryption',
  'create vault-api',
  'create vault-canary',
  'create vault-evidence',
  'protect vault-evidence',
  'create vault-watch',
];

describe('a first deployment', () => {
  test('makes every stack once, in order; the keys are shut until the image is known', async () => {
    await deploy(await rehearsal.run(first));
    expect(rehearsal.done()).toEqual(ORDER);
    const keys = rehearsal.cloud.observations.filter(({ stack }) => stack === 'vault-keys');
    expect(keys.map(({ template }) => template.includes('DenyDecryptBeforeMeasurements'))).toEqual([
      true,
      false,
    ]);
    expect((await rehearsal.admitted())?.pcr0).toEqual([first.release.image.pcr0]);
  });

  test('has CloudFormation work as the deployment role, but for the two stacks that make roles', async () => {
    await deploy(await rehearsal.run(first));
    const roles = new Map(rehearsal.cloud.here.requests.map(({ stack, role }) => [stack, role]));
    const { deployment } = namesOf(rehearsal.config).roles;
    for (const [stack, role] of roles) {
      const own = stack === 'vault-controllers' || stack === 'vault-identities';
      expect([stack, role]).toEqual([stack, own ? undefined : deployment]);
    }
    expect(roles.size).toBe(12);
  });

  test('uploads each file once, signs every function, and gives the API its settings', async () => {
    await deploy(await rehearsal.run(first));
    const keys = [...rehearsal.cloud.objects.versions.keys()];
    expect(
      keys
        .filter((key) => key.startsWith('release/'))
        .map((key) => key.split('/')[2])
        .sort(),
    ).toEqual(['canary-outside.zip', 'enclave-vault.eif', 'parent.tar.gz', 'smoke.zip']);
    expect(
      keys
        .filter((key) => key.startsWith('settings/'))
        .map((key) => key.split('/')[2])
        .sort(),
    ).toEqual(['api.zip', 'authorizer.zip', 'canary-inside.zip', 'parent.tar.gz']);
    expect(rehearsal.cloud.signing.started).toBe(5);
    const template = await rehearsal.cloud.here.template('vault-api');
    expect(template).toMatch(/"S3Key":"signed\/[0-9a-f]{64}\/job-4\.zip"/);
  });

  test('empties the default security group', async () => {
    await deploy(await rehearsal.run(first));
    expect(rehearsal.cloud.groupRules).toEqual([]);
  });

  test('ends with the smoke test, whose failure is told with the call that failed', async () => {
    const run = await rehearsal.run(first);
    const known = await deploy(run);
    await smokeTest(run, known);
    expect(rehearsal.cloud.invoked).toEqual(['vault-smoke']);
    rehearsal.cloud.smoke = {
      ok: false,
      code: 'call_failed',
      checks: [{ name: 'decrypt', ok: false, status: 503, code: 'kms_unavailable' }],
    };
    expect(await refusal(smokeTest(run, known))).toMatchObject({ code: 'smoke_failed' });
    expect(rehearsal.console.lines).toContain('  FAILED decrypt: 503 kms_unavailable');
  });
});

describe('a second run', () => {
  test('of the same release changes, uploads and signs nothing', async () => {
    await deploy(await rehearsal.run(first));
    rehearsal.done();
    const { puts } = rehearsal.cloud.objects;
    const { started } = rehearsal.cloud.signing;
    await deploy(await rehearsal.run(first, false));
    expect(rehearsal.done()).toEqual([]);
    expect(rehearsal.cloud.objects.puts).toBe(puts);
    expect(rehearsal.cloud.signing.started).toBe(started);
    expect(rehearsal.console.questions).toEqual([]);
  });

  test('goes on where the first one failed', async () => {
    rehearsal.cloud.here.fail('vault-data', { reason: 'a limit of tables' });
    const { code, text } = await refusal(deploy(await rehearsal.run(first)));
    expect(code).toBe('stack_failed');
    expect(text).toContain('a limit of tables');
    const before = rehearsal.done();
    expect(before.at(-1)).toBe('create vault-data');
    await deploy(await rehearsal.run(first));
    expect(rehearsal.done().slice(0, 3)).toEqual([
      'delete vault-data',
      'create vault-data',
      'protect vault-data',
    ]);
  });

  test.each([1, 4, 7, 9, 11, 13, 15])('goes on after Ctrl-C at wait %i, to the same end', async (at) => {
    rehearsal.clock.interruptAt = at;
    expect((await refusal(deploy(await rehearsal.run(first)))).code).toBe('interrupted');
    rehearsal.clock.interruptAt = Number.POSITIVE_INFINITY;
    await deploy(await rehearsal.run(first));
    const made = rehearsal.done().filter((one) => one.startsWith('create'));
    expect([...new Set(made)]).toEqual(ORDER.filter((one) => one.startsWith('create')));
    expect(new Set(made).size).toBe(made.length);
    expect((await rehearsal.admitted())?.pcr0).toEqual([first.release.image.pcr0]);
  });
});

describe('approval', () => {
  test('is asked for with what comes and goes, and given', async () => {
    rehearsal.console.answers = ['yes'];
    await deploy(await rehearsal.run(first, false));
    expect(rehearsal.console.questions).toEqual(['Admit it? [yes/no] ']);
    rehearsal.console.answers = ['y'];
    await deploy(await rehearsal.run(second, false));
    expect(rehearsal.console.lines).toContain(`  + PCR0 ${second.release.image.pcr0}`);
    expect(rehearsal.console.lines).toContain(`  - PCR0 ${first.release.image.pcr0}`);
    // The same certificate signed both.
    expect(rehearsal.console.text).not.toContain('- PCR8');
  });

  test.each([
    ['no', 'not_approved'],
    ['', 'not_approved'],
    [undefined, 'approval_missing'],
  ])('answered with %j leaves the keys as they were', async (answer, expected) => {
    await deploy(await rehearsal.run(first));
    rehearsal.done();
    rehearsal.console.answers = [answer];
    expect((await refusal(deploy(await rehearsal.run(second, false)))).code).toBe(expected);
    expect(rehearsal.done()).toEqual([]);
    expect((await rehearsal.admitted())?.pcr0).toEqual([first.release.image.pcr0]);
  });
});

describe('--only', () => {
  test('deploys one stage of a vault that is there, with what the others put out', async () => {
    await deploy(await rehearsal.run(first));
    rehearsal.done();
    await deploy(await rehearsal.run(second), 'canary');
    expect(rehearsal.done()).toEqual(['update vault-canary']);
  });

  test('is refused for keys and instances, for stages that are none, and before the ones it needs are there', async () => {
    const run = await rehearsal.run(first);
    for (const stage of ['keys', 'decryption', 'databases']) {
      await expect(deploy(run, stage)).rejects.toMatchObject({ code: 'usage' });
    }
    expect((await refusal(deploy(run, 'canary'))).text).toBe(
      'vault-controllers is not deployed, and canary comes after it',
    );
    expect(rehearsal.done()).toEqual([]);
  });
});

describe('what is only shown', () => {
  test('of nothing: the stacks that can be told, and no trace of any', async () => {
    await show(await rehearsal.run(first));
    expect(rehearsal.console.lines).toContainEqual(
      expect.stringMatching(/^vault-identities: \d+ resources to be made$/),
    );
    // Each once, whatever it is made of.
    const waiting = rehearsal.console.lines.filter((line) =>
      line.endsWith(': to be made, once the deployment role is there'),
    );
    expect(waiting.map((line) => line.slice('vault-'.length, line.indexOf(':')))).toEqual(
      stagesOf(rehearsal.config)
        .slice(2)
        .map(({ id }) => id),
    );
    expect(rehearsal.done().filter((one) => !one.startsWith('delete'))).toEqual([]);
    expect(rehearsal.cloud.here.names()).toEqual([]);
  });

  test('of a new release: what changes, and nothing does', async () => {
    await deploy(await rehearsal.run(first));
    rehearsal.done();
    const { puts } = rehearsal.cloud.objects;
    await show(await rehearsal.run(second));
    expect(rehearsal.done()).toEqual([]);
    expect(rehearsal.cloud.objects.puts - puts).toBeLessThanOrEqual(1);
    expect(rehearsal.cloud.signing.started).toBe(5);
    const { lines } = rehearsal.console;
    expect(lines).toContain('vault-network: no changes');
    expect(lines).toContainEqual('  ~ LaunchTemplate (AWS::EC2::LaunchTemplate)');
    expect(lines).toContainEqual('  ~ VaultKey (AWS::KMS::Key)');
    expect((await rehearsal.admitted())?.pcr0).toEqual([first.release.image.pcr0]);
  });
});
