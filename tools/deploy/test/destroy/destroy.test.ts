// SPDX-License-Identifier: Apache-2.0
import { namesOf } from '@enclave-vault/infra';
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type DestroyRun, destroy, isThere } from '../../src/destroy/destroy.ts';
import { deploy } from '../../src/plan/deploy.ts';
import { exampleConfig, Rehearsal } from '../support/rehearsal.ts';
import { type Fixture, releaseFixture } from '../support/release-fixture.ts';
import { refusal, SHORT } from '../support/tools.ts';

vi.mock('@enclave-vault/infra', async (original) => {
  const infra = await original<typeof import('@enclave-vault/infra')>();
  const { memoized } = await import('../support/memo.ts');
  return { ...infra, synthesize: memoized(infra.synthesize) };
});

let release: Fixture;
let rehearsal: Rehearsal;
beforeAll(async () => {
  release = await releaseFixture('1.0.0');
});
const runOf = ({ cloud, console, clock, config }: Rehearsal, deleteData = false): DestroyRun => ({
  cloud,
  console,
  clock,
  config,
  limits: SHORT,
  names: namesOf(config),
  deleteData,
});
beforeEach(async () => {
  rehearsal = new Rehearsal();
  await deploy(await rehearsal.run(release));
  rehearsal.done();
});

const ORDER = [
  'update vault-keys',
  'delete vault-watch',
  'delete vault-canary',
  'delete vault-api',
  'update vault-decryption',
  'delete vault-decryption',
  'delete vault-artifacts',
  'update vault-network',
  'delete vault-network',
  'delete vault-identities',
];
const KEPT = ['vault-controllers', 'vault-base', 'vault-keys', 'vault-data', 'vault-evidence'];

describe('destroy', () => {
  test('shuts the keys first, lifts protections, empties the bucket, and keeps what holds records', async () => {
    const receipt = await destroy(runOf(rehearsal));
    expect(rehearsal.done()).toEqual(ORDER);
    expect(rehearsal.cloud.here.names()).toEqual(expect.arrayContaining(KEPT));
    expect(rehearsal.cloud.here.names()).toHaveLength(KEPT.length);
    expect(await rehearsal.admitted()).toBeNull();
    expect(rehearsal.cloud.objects.versions.size).toBe(0);
    expect(receipt.deleted.map(({ stack }) => stack)).toEqual(
      ORDER.filter((one) => one.startsWith('delete')).map((one) => one.slice('delete '.length)),
    );
    expect(receipt).toMatchObject({ vault: 'vault', keysAreShut: true });
    expect(receipt.kept.map(({ stack }) => stack).sort()).toEqual([...KEPT].sort());
    const keys = receipt.kept.find(({ stack }) => stack === 'vault-keys');
    expect(keys?.holds.VaultKeyArn).toMatch(/^arn:aws:kms:/);
    expect(keys?.keys).toBe(5);
    expect(receipt.monthly.keysUsd).toBe(receipt.kept.reduce((sum, kept) => sum + kept.keys, 0));
  });

  test('names what a stack leaves behind', async () => {
    const { left } = await destroy(runOf(rehearsal));
    expect(left).toContain('AWS::Logs::LogGroup /vault/flow');
  });

  test('once more finds nothing to do', async () => {
    await destroy(runOf(rehearsal));
    rehearsal.done();
    const receipt = await destroy(runOf(rehearsal));
    expect(rehearsal.done()).toEqual([]);
    expect(receipt.deleted).toEqual([]);
    expect(receipt.kept).toHaveLength(KEPT.length);
  });

  test.each([1, 4, 7, 10])('goes on after Ctrl-C at wait %i, to the same end', async (at) => {
    rehearsal.clock.interruptAt = rehearsal.clock.sleeps + at;
    expect((await refusal(destroy(runOf(rehearsal)))).code).toBe('interrupted');
    rehearsal.clock.interruptAt = Number.POSITIVE_INFINITY;
    await destroy(runOf(rehearsal));
    expect(
      rehearsal
        .done()
        .filter((one) => one.startsWith('delete'))
        .sort(),
    ).toEqual(ORDER.filter((one) => one.startsWith('delete')).sort());
    expect(await rehearsal.admitted()).toBeNull();
  });

  test('goes on after Ctrl-C in the middle of a deletion, and names what that stack left behind', async () => {
    const { here } = rehearsal.cloud;
    here.looks = 5;
    const { say } = rehearsal.console;
    rehearsal.console.say = (line) => {
      say(line);
      if (here.done.at(-1) === 'delete vault-network')
        rehearsal.clock.interruptAt = rehearsal.clock.sleeps + 1;
    };
    expect((await refusal(destroy(runOf(rehearsal)))).text).toContain('vault-network was DELETE_IN_PROGRESS');
    rehearsal.console.say = say;
    rehearsal.clock.interruptAt = Number.POSITIVE_INFINITY;
    const { deleted, left } = await destroy(runOf(rehearsal));
    expect(deleted.map(({ stack }) => stack)).toEqual(['vault-network', 'vault-identities']);
    expect(left).toContain('AWS::Logs::LogGroup /vault/flow');
    expect(rehearsal.done().filter((one) => one === 'delete vault-network')).toHaveLength(1);
    expect(here.names()).toHaveLength(KEPT.length);
  });

  test('takes a stack whose change set was never executed, of a kind that is kept as well', async () => {
    for (const name of ['vault-pipeline', 'vault-signing']) {
      rehearsal.cloud.here.put(name, 'REVIEW_IN_PROGRESS', {});
      rehearsal.cloud.here.set(name, { template: undefined });
    }
    const { kept } = await destroy(runOf(rehearsal));
    expect(kept).toHaveLength(KEPT.length);
    expect(rehearsal.cloud.here.names()).toHaveLength(KEPT.length);
  });

  test('waits for network interfaces of functions, and says for which', async () => {
    const trouble = {
      logicalId: 'FunctionSubnet1',
      type: 'AWS::EC2::Subnet',
      reason:
        'The subnet has dependencies and cannot be deleted. (Service: Ec2, Status Code: 400, DependencyViolation)',
    };
    rehearsal.cloud.here.fail('delete vault-network', trouble);
    rehearsal.cloud.here.fail('delete vault-network', trouble);
    rehearsal.cloud.interfacesLeft = ['eni-1 (in-use) AWS Lambda VPC ENI-vault-api'];
    await destroy(runOf(rehearsal));
    expect(rehearsal.done().filter((one) => one === 'delete vault-network')).toHaveLength(3);
    expect(rehearsal.console.lines).toContain('  still there: eni-1 (in-use) AWS Lambda VPC ENI-vault-api');
  });

  test('does not repeat what no waiting mends, and goes on when it is mended', async () => {
    rehearsal.cloud.here.fail('delete vault-api', { logicalId: 'Function', reason: 'not authorized' });
    const { code, text } = await refusal(destroy(runOf(rehearsal)));
    expect(code).toBe('deletion_failed');
    expect(text).toContain('not authorized');
    await destroy(runOf(rehearsal));
    expect(rehearsal.cloud.here.names()).toHaveLength(KEPT.length);
  });

  test('leaves a stack of others alone, and everything else with it', async () => {
    rehearsal.cloud.here.put('vault-pipeline', 'CREATE_COMPLETE', { team: 'payroll' });
    expect((await refusal(destroy(runOf(rehearsal)))).code).toBe('name_taken');
    expect(rehearsal.done()).toEqual([]);
  });
});

describe('deploy after destroy', () => {
  test('uses what was kept, makes the rest anew, and opens the keys to the release again', async () => {
    await destroy(runOf(rehearsal));
    rehearsal.done();
    const ids = await Promise.all(KEPT.map(async (name) => (await rehearsal.cloud.here.describe(name))?.id));
    await deploy(await rehearsal.run(release));
    expect(rehearsal.done()).toEqual([
      'create vault-identities',
      'create vault-network',
      'update vault-network',
      'create vault-artifacts',
      'update vault-keys',
      'create vault-decryption',
      'update vault-decryption',
      'create vault-api',
      'create vault-canary',
      'create vault-watch',
    ]);
    expect(
      await Promise.all(KEPT.map(async (name) => (await rehearsal.cloud.here.describe(name))?.id)),
    ).toEqual(ids);
    expect((await rehearsal.admitted())?.pcr0).toEqual([release.release.image.pcr0]);
  });

  test('adopts the log groups that were left behind', async () => {
    await destroy(runOf(rehearsal));
    await deploy(await rehearsal.run(release));
    const network = rehearsal.cloud.here.requests.filter(
      ({ stack, kind }) => stack === 'vault-network' && kind === 'CREATE',
    );
    expect(network.map(({ adopt }) => adopt)).toEqual([true, true]);
  });
});

describe('--delete-data', () => {
  test('takes table and keys as well, the table first, and leaves the trail and who can manage it', async () => {
    const receipt = await destroy(runOf(rehearsal, true));
    const done = rehearsal.done();
    expect(done.filter((one) => /data|keys/.test(one))).toEqual([
      'update vault-keys',
      'update vault-data',
      'unprotect vault-data',
      'delete vault-data',
      'update vault-keys',
      'unprotect vault-keys',
      'delete vault-keys',
    ]);
    expect(rehearsal.cloud.here.names().sort()).toEqual(['vault-controllers', 'vault-evidence']);
    expect(receipt.kept.map(({ stack }) => stack)).toEqual(['vault-evidence', 'vault-controllers']);
  });

  test('without a trail of its own takes everything, the controllers last', async () => {
    rehearsal = new Rehearsal(exampleConfig({ watch: { trail: 'existing' } }));
    await deploy(await rehearsal.run(release));
    rehearsal.done();
    const receipt = await destroy(runOf(rehearsal, true));
    expect(rehearsal.done().at(-1)).toBe('delete vault-controllers');
    expect(rehearsal.cloud.here.names()).toEqual([]);
    expect(receipt.kept).toEqual([]);
    expect(receipt.comeBack).toBe('nothing is left to come back to');
    expect(await isThere(runOf(rehearsal))).toBe(false);
  });

  test('takes replicas between table and keys', async () => {
    rehearsal = new Rehearsal(exampleConfig({ replicaRegions: ['eu-west-1'] }));
    await deploy(await rehearsal.run(release));
    rehearsal.done();
    rehearsal.done('eu-west-1');
    await destroy(runOf(rehearsal, true));
    expect(rehearsal.done('eu-west-1')).toEqual([
      'update vault-keys-replica',
      'update vault-keys-replica',
      'unprotect vault-keys-replica',
      'delete vault-keys-replica',
    ]);
    expect(rehearsal.cloud.stacks('eu-west-1').names()).toEqual([]);
  });
});
