// SPDX-License-Identifier: Apache-2.0
import { DECRYPTION, KEYS } from '@enclave-vault/infra';
import type { Measurements } from '@enclave-vault/policies';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { signer } from '../../../../verifier/eif/test/write-eif.ts';
import { deploy } from '../../src/plan/deploy.ts';
import { rollOut } from '../../src/plan/rollout.ts';
import { exampleConfig, Rehearsal } from '../support/rehearsal.ts';
import { type Fixture, releaseFixture } from '../support/release-fixture.ts';
import { refusal } from '../support/tools.ts';
import { watched } from '../support/watched.ts';

vi.mock('@enclave-vault/infra', async (original) => {
  const infra = await original<typeof import('@enclave-vault/infra')>();
  const { memoized } = await import('../support/memo.ts');
  return { ...infra, synthesize: memoized(infra.synthesize) };
});

let first: Fixture;
let second: Fixture;
let third: Fixture;
let images: ReadonlyMap<string, string>;
beforeAll(async () => {
  first = await releaseFixture('1.0.0');
  second = await releaseFixture('2.0.0');
  third = await releaseFixture('3.0.0', '3.0.0', { certificate: signer('secp384r1') });
  images = new Map(
    [first, second, third].map(({ release }) => [release.files.image.sha256, release.image.pcr0]),
  );
});

let rehearsal: Rehearsal;
const admitted = async (): Promise<readonly string[] | undefined> => (await rehearsal.admitted())?.pcr0;
const pcr0 = ({ release }: Fixture): string => release.image.pcr0;
const runs = async ({ release }: Fixture): Promise<boolean> =>
  (await rehearsal.cloud.here.template('vault-decryption')).includes(release.files.image.sha256);

beforeEach(async () => {
  rehearsal = new Rehearsal();
  await deploy(await rehearsal.run(first));
  rehearsal.done();
});

/** In every test of this file, at every moment: policies are what the canary that is deployed then was told. */
const complaints = () => watched(rehearsal).filter((moment) => moment.complaints.length > 0);
afterEach(() => expect(complaints()).toEqual([]));

describe('a rollout', () => {
  test('opens the keys to both, replaces the instances, and shuts the old one out', async () => {
    await deploy(await rehearsal.run(second));
    // The canary is told before and after what it will find.
    expect(rehearsal.done().slice(0, 5)).toEqual([
      'update vault-canary',
      'update vault-keys',
      'update vault-decryption',
      'update vault-keys',
      'update vault-canary',
    ]);
    const sets = rehearsal.cloud.observations.filter(({ stack }) => stack === 'vault-keys').slice(-2);
    expect(sets[0]?.template).toContain(pcr0(first));
    expect(sets[0]?.template).toContain(pcr0(second));
    expect(await admitted()).toEqual([pcr0(second)]);
    expect(rehearsal.shutOut(images)).toEqual([]);
  });

  test('is told to the canary before it begins: no false alarm at any moment, and one state at the end', async () => {
    const begun = watched(rehearsal).length;
    await deploy(await rehearsal.run(second));
    const seen = watched(rehearsal).slice(begun);
    const during = seen.slice(0, 5).map(({ after, states }) => `${after} ${states}`);
    // Of the old image, of both and of the new one; and then of the new one alone.
    expect(during).toEqual([
      'vault-canary 3',
      'vault-keys 3',
      'vault-decryption 3',
      'vault-keys 3',
      'vault-canary 1',
    ]);
    expect(seen.at(-1)?.states).toBe(1);
  });

  test('that nobody told the canary of would be an alarm from the first change of a key on', async () => {
    await deploy(await rehearsal.run(second));
    const { observations } = rehearsal.cloud;
    const first = observations.findIndex(({ stack }) => stack === 'vault-canary');
    const told = observations.filter(({ stack }, index) => stack === 'vault-canary' && index > first);
    for (const one of told) observations.splice(observations.indexOf(one), 1);
    const [drift] = complaints();
    expect(drift?.after).toBe('vault-keys');
    expect(drift?.complaints).toContain('vault.policy PolicyDrift changed DenyWithoutPCR0');
    observations.splice(0);
  });

  test('with another signing certificate is the same: both of PCR8, then the new one', async () => {
    await deploy(await rehearsal.run(third));
    const [both] = rehearsal.cloud.observations.filter(({ stack }) => stack === 'vault-keys').slice(-2);
    expect(both?.template).toContain(first.release.image.pcr8);
    expect((await rehearsal.admitted())?.pcr8).toEqual([third.release.image.pcr8]);
    expect(rehearsal.shutOut(images)).toEqual([]);
  });

  test('reads what is live from the account: a set that another run left is kept until the end', async () => {
    rehearsal.cloud.serves = () => false;
    rehearsal.clock.interruptAt = rehearsal.clock.sleeps + 4;
    await refusal(deploy(await rehearsal.run(second)));
    expect(await admitted()).toEqual([pcr0(first), pcr0(second)]);
    rehearsal.clock.interruptAt = Number.POSITIVE_INFINITY;
    rehearsal.cloud.serves = () => true;
    await deploy(await rehearsal.run(third));
    const both = rehearsal.cloud.observations.filter(({ stack }) => stack === 'vault-keys').at(-2);
    for (const one of [first, second, third]) expect(both?.template).toContain(pcr0(one));
    expect(await admitted()).toEqual([pcr0(third)]);
    expect(rehearsal.shutOut(images)).toEqual([]);
  });
});

describe('a rollout that fails', () => {
  test('in CloudFormation, which takes it back: the keys admit the old image alone', async () => {
    rehearsal.cloud.here.fail('vault-decryption', { logicalId: 'Group', reason: 'received 0 signals' });
    const { code, text } = await refusal(deploy(await rehearsal.run(second)));
    expect(code).toBe('stack_failed');
    expect(text).toContain('received 0 signals');
    expect(text).toContain('the keys admit it alone');
    expect(rehearsal.done()).toEqual([
      'update vault-canary',
      'update vault-keys',
      'update vault-decryption',
      'update vault-keys',
      'update vault-canary',
    ]);
    expect(await admitted()).toEqual([pcr0(first)]);
    expect(await runs(first)).toBe(true);
    expect(rehearsal.shutOut(images)).toEqual([]);
  });

  test('to serve: the old release is put back, then the keys admit it alone', async () => {
    rehearsal.cloud.serves = (template) => !template.includes(second.release.files.image.sha256);
    const { code, text } = await refusal(deploy(await rehearsal.run(second)));
    expect(code).toBe('unhealthy');
    expect(text).toContain('i-1 unhealthy Target.FailedHealthChecks');
    expect(text).toContain('the release that ran before was put back');
    expect(rehearsal.done()).toEqual([
      'update vault-canary',
      'update vault-keys',
      'update vault-decryption',
      'update vault-decryption',
      'update vault-keys',
      'update vault-canary',
    ]);
    expect(await runs(first)).toBe(true);
    expect(await admitted()).toEqual([pcr0(first)]);
    expect(rehearsal.shutOut(images)).toEqual([]);
  });

  test('and can be repeated with a release that works', async () => {
    rehearsal.cloud.here.fail('vault-decryption', { reason: 'no' });
    await refusal(deploy(await rehearsal.run(second)));
    await deploy(await rehearsal.run(third));
    expect(await admitted()).toEqual([pcr0(third)]);
    expect(rehearsal.shutOut(images)).toEqual([]);
  });

  test('and cannot be taken back leaves the keys open to both: one of them runs', async () => {
    rehearsal.cloud.here.fail('vault-decryption', { reason: 'no', stuck: true });
    const { text } = await refusal(deploy(await rehearsal.run(second)));
    expect(text).toContain('the keys go on admitting both images');
    expect(await admitted()).toEqual([pcr0(first), pcr0(second)]);
  });

  test('for want of credentials changes nothing more: the next run goes on', async () => {
    rehearsal.clock.interruptAt = rehearsal.clock.sleeps + 2;
    expect((await refusal(deploy(await rehearsal.run(second)))).code).toBe('interrupted');
    expect(await admitted()).toEqual([pcr0(first), pcr0(second)]);
    rehearsal.clock.interruptAt = Number.POSITIVE_INFINITY;
    await deploy(await rehearsal.run(second));
    expect(await admitted()).toEqual([pcr0(second)]);
    expect(rehearsal.shutOut(images)).toEqual([]);
  });

  test('on what was deployed before: nothing to put back, and it is not shut out', async () => {
    await deploy(await rehearsal.run(second));
    rehearsal.done();
    rehearsal.cloud.serves = () => false;
    const { code, text } = await refusal(deploy(await rehearsal.run(second)));
    expect(code).toBe('unhealthy');
    expect(text).toContain('this release was deployed before');
    expect(rehearsal.done()).toEqual([]);
    expect(await admitted()).toEqual([pcr0(second)]);
  });
});

describe('the first one of all', () => {
  test.each([
    ['fails', 'stack_failed'],
    ['does not serve', 'unhealthy'],
  ])('that %s leaves the keys shut', async (how, code) => {
    rehearsal = new Rehearsal();
    if (how === 'fails') rehearsal.cloud.here.fail('vault-decryption', { reason: 'no capacity' });
    else rehearsal.cloud.serves = () => false;
    const failure = await refusal(deploy(await rehearsal.run(first)));
    expect(failure.code).toBe(code);
    expect(failure.text).toContain('the keys admit nobody again');
    expect(await rehearsal.admitted()).toBeNull();
  });
});

describe('a run that finds CloudFormation at work', () => {
  test.each(['UPDATE_IN_PROGRESS', 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS'])(
    'on the keys (%s) waits, and nothing changes of them before somebody is asked',
    async (status) => {
      rehearsal.cloud.here.busy('vault-keys', status);
      rehearsal.console.answers = ['no'];
      expect((await refusal(deploy(await rehearsal.run(second, false)))).code).toBe('not_approved');
      expect(rehearsal.console.lines).toContain(`vault-keys is ${status}: waiting for it`);
      expect(rehearsal.console.lines).toContain(`  - PCR0 ${pcr0(first)}`);
      expect(rehearsal.done()).toEqual([]);
      expect(await admitted()).toEqual([pcr0(first)]);
    },
  );

  test('as a run that was stopped while the keys were opened has left it: no image is shut out', async () => {
    const { here } = rehearsal.cloud;
    here.looks = 20;
    const { say } = rehearsal.console;
    rehearsal.console.say = (line) => {
      say(line);
      if (here.done.at(-1) === 'update vault-keys') rehearsal.clock.interruptAt = rehearsal.clock.sleeps + 1;
    };
    const { text } = await refusal(deploy(await rehearsal.run(second)));
    expect(text).toBe('stopped while vault-keys was UPDATE_IN_PROGRESS');
    rehearsal.console.say = say;
    rehearsal.clock.interruptAt = Number.POSITIVE_INFINITY;
    await deploy(await rehearsal.run(second));
    expect(await admitted()).toEqual([pcr0(second)]);
    expect(rehearsal.shutOut(images)).toEqual([]);
  });

  test('that another deployer began in between waits as well', async () => {
    const { say } = rehearsal.console;
    rehearsal.console.say = (line) => {
      say(line);
      if (line.endsWith(`] ${KEYS.title}`)) rehearsal.cloud.here.busy('vault-keys');
    };
    await deploy(await rehearsal.run(second));
    expect(await admitted()).toEqual([pcr0(second)]);
    expect(rehearsal.shutOut(images)).toEqual([]);
  });

  test('on instances of this very image, which then do not serve, shuts nobody out', async () => {
    rehearsal.cloud.here.busy('vault-decryption');
    rehearsal.cloud.serves = () => false;
    const { code, text } = await refusal(deploy(await rehearsal.run(first)));
    expect(code).toBe('unhealthy');
    expect(text).toContain('this release was deployed before');
    expect(await admitted()).toEqual([pcr0(first)]);
  });

  test('on instances of which it never saw what they were leaves the keys as they are', async () => {
    const run = await rehearsal.run(first);
    const known = await deploy(run);
    const live = await rehearsal.admitted();
    if (live === null) throw new Error('nobody is admitted');
    rehearsal.cloud.here.busy('vault-decryption');
    rehearsal.cloud.serves = () => false;
    const sets: (Measurements | null)[] = [];
    const keys = async (set: Measurements | null) => sets.push(set);
    const { text } = await refusal(rollOut(run, known, DECRYPTION, { live, wanted: live }, keys));
    expect(text).toContain('the keys go on admitting both images');
    expect(sets).toEqual([]);
  });

  describe('where table and keys have replicas', () => {
    beforeEach(async () => {
      rehearsal = new Rehearsal(exampleConfig({ replicaRegions: ['eu-west-1'] }));
      await deploy(await rehearsal.run(first));
      rehearsal.done();
      rehearsal.done('eu-west-1');
    });

    test('on the table and the replicas of keys changes nothing where nothing is to be changed', async () => {
      rehearsal.cloud.here.busy('vault-data');
      rehearsal.cloud.stacks('eu-west-1').busy('vault-keys-replica');
      await deploy(await rehearsal.run(first));
      expect([...rehearsal.done(), ...rehearsal.done('eu-west-1')]).toEqual([]);
    });
  });
});

test('replicas are opened to the new image before any instance runs it, and shut to the old one after', async () => {
  rehearsal = new Rehearsal(exampleConfig({ replicaRegions: ['eu-west-1'] }));
  await deploy(await rehearsal.run(first));
  expect(rehearsal.done('eu-west-1')).toEqual(['create vault-keys-replica', 'protect vault-keys-replica']);
  rehearsal.done();
  rehearsal.cloud.observations.splice(0);
  await deploy(await rehearsal.run(second));
  const order = rehearsal.cloud.observations
    .filter(({ stack }) => /keys|decryption/.test(stack))
    .map(({ region, stack }) => `${region} ${stack}`);
  expect(order).toEqual([
    'eu-central-1 vault-keys',
    'eu-west-1 vault-keys-replica',
    'eu-central-1 vault-decryption',
    'eu-central-1 vault-keys',
    'eu-west-1 vault-keys-replica',
  ]);
  expect((await rehearsal.admitted('eu-west-1', 'keys-replica'))?.pcr0).toEqual([pcr0(second)]);
});
