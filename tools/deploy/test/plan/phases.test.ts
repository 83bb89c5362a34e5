// SPDX-License-Identifier: Apache-2.0
/** The phases in which a pipeline rolls a release out, and a drill: at every moment KMS is asked for each enclave that might ask. */
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { deploy } from '../../src/plan/deploy.ts';
import { PHASES, type Phase } from '../../src/plan/run.ts';
import {
  DEBUG,
  decrypts,
  type Enclave,
  enclaveOf,
  type Moment,
  momentsOf,
  UNATTESTED,
} from '../support/drill.ts';
import { exampleConfig, Rehearsal } from '../support/rehearsal.ts';
import { type Fixture, releaseFixture } from '../support/release-fixture.ts';
import { refusal } from '../support/tools.ts';
import { watched } from '../support/watched.ts';

vi.mock('@enclave-vault/infra', async (original) => {
  const infra = await original<typeof import('@enclave-vault/infra')>();
  const { memoized } = await import('../support/memo.ts');
  return { ...infra, synthesize: memoized(infra.synthesize) };
});

const CONFIG = exampleConfig({
  deployers: [
    'arn:aws:iam::111122223333:role/people/deployer',
    'arn:aws:iam::111122223333:role/vault/vault-deploy',
  ],
  pipeline: { source: 'upload' },
});
const BOTH_KEYS = ['VaultKey', 'RequestKey'];

let first: Fixture;
let second: Fixture;
let third: Fixture;
beforeAll(async () => {
  first = await releaseFixture('1.0.0');
  second = await releaseFixture('2.0.0');
  third = await releaseFixture('3.0.0');
});

let rehearsal: Rehearsal;
let enclaves: { readonly a: Enclave; readonly b: Enclave; readonly c: Enclave };

/** A run of its own for each phase, as each is a process of its own in the pipeline: nothing is remembered between. */
const phase = async (one: Phase, release: Fixture) =>
  deploy({ ...(await rehearsal.run(release)), phase: one });

beforeEach(async () => {
  rehearsal = new Rehearsal(CONFIG);
  // People make the vault and its pipeline; the pipeline rolls out what comes after.
  await deploy(await rehearsal.run(first));
  enclaves = {
    a: await enclaveOf(first, rehearsal),
    b: await enclaveOf(second, rehearsal),
    c: await enclaveOf(third, rehearsal),
  };
  rehearsal.done();
});

/** In every test of this file, at every moment: policies are what the canary that is deployed then was told. */
afterEach(() => {
  expect(watched(rehearsal).filter(({ complaints }) => complaints.length > 0)).toEqual([]);
});

/** Moments from the first one at which instances run. */
const moments = (): readonly Moment[] =>
  momentsOf(rehearsal, [first, second, third]).filter(({ running }) => running !== undefined);
const open = (moment: Moment): readonly boolean[] =>
  (['a', 'b'] as const).map((one) => decrypts(moment, enclaves[one], rehearsal).length === BOTH_KEYS.length);

/** What must hold at every moment, whatever happens. */
function expectPromises(): void {
  const all = moments();
  expect(all.length).toBeGreaterThan(3);
  for (const moment of all) {
    const running = moment.running === first ? enclaves.a : enclaves.b;
    expect(decrypts(moment, running, rehearsal), `what runs after ${moment.after}`).toEqual(BOTH_KEYS);
    for (const [who, enclave] of Object.entries({ UNATTESTED, DEBUG, 'another image': enclaves.c })) {
      expect(decrypts(moment, enclave, rehearsal), `${who} after ${moment.after}`).toEqual([]);
    }
    // Each register counts: of A's with one of another image's none decrypts.
    for (const register of ['pcr0', 'pcr2', 'pcr3', 'pcr16'] as const) {
      const almost = { ...running, [register]: 'f'.repeat(96) };
      expect(decrypts(moment, almost, rehearsal), `${register} after ${moment.after}`).toEqual([]);
    }
  }
}

describe('a rollout in phases', () => {
  test('admits both from widen on, and the old one no more from narrow on', async () => {
    const begun = moments().length;
    const ends: string[] = [];
    for (const one of PHASES) {
      await phase(one, second);
      const last = moments().at(-1);
      if (last === undefined) throw new Error('no moment');
      ends.push(`${one}: A ${open(last)[0]}, B ${open(last)[1]}, runs ${last.running?.release.version}`);
    }
    expect(ends).toEqual([
      'widen: A true, B true, runs 1.0.0',
      'deploy: A true, B true, runs 2.0.0',
      'narrow: A false, B true, runs 2.0.0',
    ]);
    // In between as well: the old one until the very last moment.
    const during = moments()
      .slice(begun)
      .filter(({ after }) => after !== 'vault-canary');
    expect(during.slice(0, -1).every((moment) => open(moment)[0] === true)).toBe(true);
    expectPromises();
  });

  test('changes in each phase what that phase is for', async () => {
    await phase('widen', second);
    expect(rehearsal.done()).toEqual(['update vault-canary', 'update vault-keys']);
    await phase('deploy', second);
    const deployed = rehearsal.done();
    expect(deployed[0]).toBe('update vault-decryption');
    expect(deployed).not.toContain('update vault-keys');
    expect(deployed).toContain('update vault-api');
    await phase('narrow', second);
    expect(rehearsal.done()).toEqual(['update vault-canary', 'update vault-keys', 'update vault-canary']);
  });

  test('tells the canary in each what it will find: between phases it takes what stands there and what stood before', async () => {
    const states: number[] = [];
    for (const one of PHASES) {
      await phase(one, second);
      states.push(watched(rehearsal).at(-1)?.states ?? 0);
    }
    // Widened: the old set and both. Deployed: both, as one state. Narrowed: the new one.
    expect(states).toEqual([2, 1, 1]);
  });

  test('repeated in any of them changes nothing more', async () => {
    for (const one of PHASES) {
      await phase(one, second);
      rehearsal.done();
      await phase(one, second);
      expect(rehearsal.done(), one).toEqual([]);
    }
  });

  test('leaves the pipeline alone, which people deploy', async () => {
    const before = await rehearsal.cloud.here.template('vault-pipeline');
    rehearsal.cloud.here.set('vault-pipeline', { template: '{"Resources":{}}' });
    for (const one of PHASES) await phase(one, second);
    expect(await rehearsal.cloud.here.template('vault-pipeline')).toBe('{"Resources":{}}');
    await deploy(await rehearsal.run(second));
    expect(JSON.parse(await rehearsal.cloud.here.template('vault-pipeline'))).toEqual(JSON.parse(before));
  });

  test('that people finish with a plain deployment ends as that does', async () => {
    await phase('widen', second);
    await deploy(await rehearsal.run(second));
    const last = moments().at(-1);
    expect(last && open(last)).toEqual([false, true]);
    expectPromises();
  });

  test('narrows to nothing that does not serve', async () => {
    await phase('widen', second);
    await phase('deploy', second);
    rehearsal.cloud.serves = () => false;
    expect((await refusal(phase('narrow', second))).code).toBe('unhealthy');
    const last = moments().at(-1);
    expect(last && open(last)).toEqual([true, true]);
    expectPromises();
  });
});

describe('a release that never comes to serve', () => {
  test('is out at the end, and the old one decrypts at every moment', async () => {
    rehearsal.cloud.serves = (template) => !template.includes(second.release.files.image.sha256);
    await phase('widen', second);
    const begun = moments().length;
    const { code, text } = await refusal(phase('deploy', second));
    expect(code).toBe('unhealthy');
    expect(text).toContain('the release that ran before was put back');
    const after = moments()
      .slice(begun - 1)
      .filter((moment) => moment.after !== 'vault-canary');
    // Widened, replaced, put back, shut.
    expect(after.map((moment) => [moment.running?.release.version, ...open(moment)])).toEqual([
      ['1.0.0', true, true],
      ['2.0.0', true, true],
      ['1.0.0', true, true],
      ['1.0.0', true, false],
    ]);
    expectPromises();
  });

  test('that CloudFormation takes back itself is out as well', async () => {
    await phase('widen', second);
    rehearsal.cloud.here.fail('vault-decryption', { logicalId: 'Group', reason: 'received 0 signals' });
    expect((await refusal(phase('deploy', second))).code).toBe('stack_failed');
    const last = moments().at(-1);
    expect(last?.running).toBe(first);
    expect(last && open(last)).toEqual([true, false]);
    expectPromises();
  });

  test('is followed by one that does', async () => {
    rehearsal.cloud.serves = (template) => !template.includes(third.release.files.image.sha256);
    await phase('widen', third);
    await refusal(phase('deploy', third));
    for (const one of PHASES) await phase(one, second);
    const last = moments().at(-1);
    expect(last && open(last)).toEqual([false, true]);
  });
});

describe('a run that is broken off', () => {
  test.each(['widen', 'deploy'] as const)(
    'after %s leaves what runs admitted, and the next run goes on',
    async (at) => {
      await phase('widen', second);
      if (at === 'deploy') await phase('deploy', second);
      for (const one of PHASES) await phase(one, third);
      for (const moment of moments()) {
        const running = { '1.0.0': enclaves.a, '2.0.0': enclaves.b, '3.0.0': enclaves.c }[
          moment.running?.release.version ?? ''
        ];
        expect(running && decrypts(moment, running, rehearsal)).toEqual(BOTH_KEYS);
        expect(decrypts(moment, UNATTESTED, rehearsal)).toEqual([]);
      }
      const last = moments().at(-1);
      if (last === undefined) throw new Error('no moment');
      expect(open(last)).toEqual([false, false]);
      expect(decrypts(last, enclaves.c, rehearsal)).toEqual(BOTH_KEYS);
    },
  );
});

describe('the first release of all', () => {
  test('that fails after widen leaves the keys shut', async () => {
    rehearsal = new Rehearsal(CONFIG);
    await phase('widen', first);
    expect((await rehearsal.admitted())?.pcr0).toEqual([first.release.image.pcr0]);
    rehearsal.cloud.here.fail('vault-decryption', { reason: 'no capacity' });
    const { text } = await refusal(phase('deploy', first));
    expect(text).toContain('the keys admit nobody again');
    expect(await rehearsal.admitted()).toBeNull();
  });

  test('cannot be narrowed to before it is there', async () => {
    rehearsal = new Rehearsal(CONFIG);
    expect((await refusal(phase('narrow', first))).text).toContain('is not deployed');
  });
});
