// SPDX-License-Identifier: Apache-2.0
import { AwsError, type Fault } from '@enclave-vault/emulator-account';
import { describe, expect, test } from 'vitest';
import { DECRYPTION, KEYS, namesOf, stagesOf } from '../../src/index.ts';
import { admitted } from './support/admitted.ts';
import { failuresOf, Life, measurementsOf, StageFailure } from './support/life.ts';

const [FIRST = ''] = measurementsOf('1').pcr0;
const [SECOND = ''] = measurementsOf('2').pcr0;

const statuses = (life: Life): Record<string, string> =>
  Object.fromEntries(
    life
      .cloud()
      .stacks.filter(({ deletedAt }) => deletedAt === undefined)
      .map(({ name, status }) => [name.slice(life.config.name.length + 1), status]),
  );

describe('the life of a vault', () => {
  test.each(['template', 'reverse'] as const)(
    'deploy, deploy again, roll out, destroy, return: independent resources in %s order',
    (tie) => {
      const life = new Life({ tie });
      const all = stagesOf(life.config);
      life.deployAll();
      expect(Object.keys(statuses(life))).toEqual(all.map(({ id }) => id));
      expect(admitted(life)).toEqual([FIRST]);
      for (const stage of all) expect(life.deploy(stage), `${stage.id} changes in a second run`).toBe(false);

      life.rollOut('2');
      expect(admitted(life)).toEqual([SECOND]);
      for (const stage of all) life.deploy(stage);

      life.destroyAll();
      expect(admitted(life)).toBeNull();
      const kept = all.filter((stage) => stage.kept === true).map(({ id }) => id);
      expect(Object.keys(statuses(life))).toEqual(kept);

      const before = life.account.world.all('AWS::KMS::Key').map(({ arn }) => arn);
      life.deployAll('2');
      expect(Object.keys(statuses(life)).sort()).toEqual(all.map(({ id }) => id).sort());
      expect(admitted(life)).toEqual([SECOND]);
      const vaultKeys = life.cloud().get(namesOf(life.config).stack(KEYS.id)).resources;
      for (const { thing } of vaultKeys.values()) {
        if (thing.type === 'AWS::KMS::Key') expect(before).toContain(thing.arn);
      }
    },
  );

  test('every call of it was one that a policy allowed: nothing succeeds by an emulator that does not look', () => {
    const life = new Life();
    life.deployAll();
    expect(life.account.journal.filter(({ allowed }) => !allowed)).toEqual([]);
    const actors = new Set(life.account.journal.map(({ caller }) => caller));
    expect([...actors].sort()).toEqual(
      [namesOf(life.config).roles.deployment, ...life.config.deployers].sort(),
    );
    expect(life.account.journal.length).toBeGreaterThan(1000);
  });
});

describe('a rollout', () => {
  const failing = (type: string): { fault: Fault; arm: () => void } => {
    let armed = false;
    return {
      arm: () => {
        armed = true;
      },
      fault: (operation, of) => {
        if (armed && operation === 'update' && of === type)
          throw new AwsError('NotStabilized', 'the instances do not come to serve');
      },
    };
  };

  test('at no time is the image shut out that runs', () => {
    const life = new Life();
    life.deployAll();
    const seen: (readonly string[] | null)[] = [];
    const deploy = life.deploy.bind(life);
    life.deploy = (stage, region) => {
      const changed = deploy(stage, region);
      if (stage.id === KEYS.id || stage.id === DECRYPTION.id) seen.push(admitted(life));
      return changed;
    };
    life.rollOut('2');
    // The keys as they are, then for both, the instances, then the new one alone.
    expect(seen).toEqual([[FIRST], [FIRST, SECOND], [FIRST, SECOND], [SECOND]]);
  });

  test('that fails puts the old instances back and shuts the new image out', () => {
    const { fault, arm } = failing('AWS::AutoScaling::AutoScalingGroup');
    const life = new Life({ fault });
    life.deployAll();
    const stack = life.cloud().get(namesOf(life.config).stack(DECRYPTION.id));
    const template = () => stack.resources.get('LaunchTemplate')?.thing.properties.VersionDescription;
    const before = template();
    arm();
    expect(() => life.rollOut('2')).toThrow(StageFailure);
    expect(stack.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(template()).toBe(before);
    expect(admitted(life)).toEqual([FIRST]);
  });

  test('that failed can be tried again', () => {
    let failures = 1;
    const life = new Life({
      fault: (operation, type) => {
        if (operation === 'update' && type === 'AWS::AutoScaling::AutoScalingGroup' && failures-- > 0) {
          throw new AwsError('NotStabilized', 'the instances do not come to serve');
        }
      },
    });
    life.deployAll();
    expect(() => life.rollOut('2')).toThrow(StageFailure);
    life.rollOut('2');
    expect(admitted(life)).toEqual([SECOND]);
  });
});

describe('a first deployment that fails', () => {
  /** One of each stage that the deployment role makes, late in its stack. */
  const stops = [
    ['network', 'AWS::EC2::FlowLog'],
    ['artifacts', 'AWS::S3::BucketPolicy'],
    ['decryption', 'AWS::AutoScaling::AutoScalingGroup'],
    ['api', 'AWS::ApiGateway::Stage'],
    ['canary', 'AWS::Events::Rule'],
  ] as const;

  test.each(stops)('in %s is undone, and goes on from there', (id, type) => {
    let failures = 1;
    const life = new Life({
      fault: (operation, of) => {
        if (operation === 'create' && of === type && failures-- > 0)
          throw new AwsError('InternalFailure', 'made to fail');
      },
    });
    expect(() => life.deployAll()).toThrow(StageFailure);
    const stack = life.cloud().get(namesOf(life.config).stack(id));
    expect(
      stack.status,
      failuresOf(stack.events)
        .map(({ reason }) => reason)
        .join('\n'),
    ).toBe('ROLLBACK_COMPLETE');
    life.destroy({ id, title: '', outputs: {}, build: () => ({}) });
    life.deployAll();
    expect(statuses(life)[id]).toMatch(/^(CREATE|UPDATE)_COMPLETE$/);
  });
});

test('protected from the first moment, what fails halfway stays: protections come with an update of their own', () => {
  const life = new Life({
    protectedAtOnce: true,
    fault: (operation, type) => {
      if (operation === 'create' && type === 'AWS::AutoScaling::AutoScalingGroup') {
        throw new AwsError('InternalFailure', 'made to fail');
      }
    },
  });
  expect(() => life.deployAll()).toThrow(/deletion protection is enabled/);
  const stack = life.cloud().get(namesOf(life.config).stack(DECRYPTION.id));
  expect(stack.status).toBe('ROLLBACK_FAILED');
});
