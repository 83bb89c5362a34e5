// SPDX-License-Identifier: Apache-2.0
/** The commands as processes, over the AWS SDK, against the emulated account, whose every call is judged by the policies that are deployed. */
import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Thing } from '@enclave-vault/emulator-account';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Receipt } from '../../src/destroy/receipt.ts';
import { liveMeasurements } from '../../src/keys/live.ts';
import { type Fixture, releaseFixture } from '../support/release-fixture.ts';
import { StandIn } from './stand-in.ts';

const MINUTES = 5 * 60_000;
const STACKS = [
  'controllers',
  'identities',
  'base',
  'network',
  'artifacts',
  'keys',
  'data',
  'decryption',
  'api',
  'canary',
  'evidence',
  'watch',
].map((stage) => `vault-${stage}`);
const KEPT = ['controllers', 'base', 'keys', 'data', 'evidence'].map((stage) => `vault-${stage}`);

let standIn: StandIn;
let first: Fixture;
let second: Fixture;
let third: Fixture;
beforeAll(async () => {
  standIn = await StandIn.start();
  first = await releaseFixture('1.0.0');
  second = await releaseFixture('2.0.0');
  third = await releaseFixture('3.0.0');
});
afterAll(() => standIn.close());

const deploy = async (release: Fixture, ...options: string[]) =>
  standIn.run('deploy', '--config', await standIn.configure(release), ...options);
const template = (stack: string): string =>
  standIn.server.cloud('eu-central-1').get(stack).template?.body ?? '';
const admitted = (): readonly string[] | undefined => liveMeasurements(template('vault-keys'))?.pcr0;
const keyNamed = (logicalId: string): Thing => {
  const resource = standIn.server.cloud('eu-central-1').get('vault-keys').resources.get(logicalId);
  if (resource === undefined) throw new Error(`no ${logicalId}`);
  return resource.thing;
};
const pcr0 = ({ release }: Fixture): string => release.image.pcr0;
const objects = (): number =>
  standIn.account.world.objects.versions('vault-artifacts-111122223333-eu-central-1').length;

// One life, in order: each test goes on from the one before.
describe('the life of a vault', { timeout: MINUTES }, () => {
  test('the first deployment makes every stack, and ends with the smoke test and files for the doctor', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    await writeFile(join(standIn.folder, 'sign.pem'), pem);
    const { code, stdout, stderr } = await deploy(first, '--yes', '--sign', 'sign.pem');
    expect([code, stdout], stderr).toEqual([0, '']);
    expect(standIn.stacks().map((stack) => stack.split(' ')[0])).toEqual(STACKS);
    expect(admitted()).toEqual([pcr0(first)]);
    expect(stderr).toContain('[1/12] ');
    expect(stderr).toContain(`the keys are to admit release 1.0.0:\n  + PCR0 ${pcr0(first)}`);
    expect(stderr).toMatch(/\d\d:\d\d:\d\d CREATE_COMPLETE {6}VaultKey \(AWS::KMS::Key\)/);
    expect(stderr).toContain('  ok     decrypt\n');
    expect(stderr).toMatch(/The API: https:\/\/[a-z0-9]+\.execute-api\.eu-central-1\.amazonaws\.com\/v/);
    expect(await standIn.read('vault-vault/deployment.json')).toMatchObject({
      account: '111122223333',
      name: 'vault',
    });
    expect(await standIn.read('vault-vault/measurements.json')).toHaveProperty('signatures');
    standIn.changes();
  });

  test('a second run changes nothing, uploads nothing, signs nothing', async () => {
    const before = objects();
    const { code, stderr } = await deploy(first);
    expect(code, stderr).toBe(0);
    // Comparing is all that CloudFormation was asked to do, and a change set without changes is deleted.
    const changes = standIn.changes().filter((call) => !/ChangeSet$/.test(call));
    expect(changes).toEqual(['lambda:POST']);
    expect(objects()).toBe(before);
  });

  test('a key policy that somebody widened is shown by --diff and put back by a run, and by that once', async () => {
    const key = keyNamed('VaultKey');
    const before = key.policy;
    const { KMSClient, GetKeyPolicyCommand, PutKeyPolicyCommand } = await import('@aws-sdk/client-kms');
    const credentials = { accessKeyId: 'AKIDBREAKGLASS', secretAccessKey: 'secret' };
    const kms = new KMSClient({ region: 'eu-central-1', endpoint: standIn.server.url, credentials });
    const { Policy = '' } = await kms.send(new GetKeyPolicyCommand({ KeyId: key.arn }));
    const document = JSON.parse(Policy) as { Statement: object[] };
    const AWS = 'arn:aws:iam::111122223333:role/payroll';
    document.Statement.push({ Effect: 'Allow', Principal: { AWS }, Action: 'kms:Decrypt', Resource: '*' });
    await kms.send(new PutKeyPolicyCommand({ KeyId: key.arn, Policy: JSON.stringify(document) }));
    kms.destroy();
    expect(key.policy).not.toEqual(before);
    standIn.changes();

    const shown = await deploy(first, '--diff');
    expect(shown.code, shown.stderr).toBe(0);
    expect(shown.stderr).toContain('vault-keys: changed beside CloudFormation');
    expect(standIn.changes().filter((call) => /ExecuteChangeSet/.test(call))).toEqual([]);

    const { code, stderr } = await deploy(first);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(
      /vault-keys: changed beside CloudFormation, and put back:\n.* ~ VaultKey \(AWS::KMS::Key\) KeyPolicy\n/,
    );
    expect(stderr).toContain('vault-keys: updated');
    expect(key.policy).toEqual(before);
    expect(standIn.changes().filter((call) => /ExecuteChangeSet/.test(call))).toHaveLength(1);

    const again = await deploy(first);
    expect(again.code, again.stderr).toBe(0);
    expect(again.stderr).toContain('vault-keys: unchanged');
    expect(again.stderr).not.toMatch(/beside CloudFormation|NOT/);
    expect(standIn.changes().filter((call) => /ExecuteChangeSet/.test(call))).toEqual([]);
  });

  test('--diff shows what a new release would change, and changes nothing', async () => {
    const before = admitted();
    const { code, stderr } = await deploy(second, '--diff');
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('~ VaultKey (AWS::KMS::Key)');
    expect(stderr).toContain('vault-network: no changes');
    expect(stderr).toContain('Nothing was changed.');
    expect(standIn.changes().filter((call) => /ExecuteChangeSet|signer/.test(call))).toEqual([]);
    expect(admitted()).toEqual(before);
  });

  test('a new release is not admitted unless somebody says so', async () => {
    const { code, stderr } = await deploy(second);
    expect(code).toBe(1);
    expect(stderr).toContain('approval_missing: nobody can be asked');
    expect(admitted()).toEqual([pcr0(first)]);
  });

  test('a rollout admits both, awaits health, and narrows to the new one', async () => {
    const during: (readonly string[] | undefined)[] = [];
    standIn.health = () => {
      during.push(admitted());
      return 'healthy';
    };
    const { code, stderr } = await deploy(second, '--yes');
    expect(code, stderr).toBe(0);
    expect(during[0]).toEqual([pcr0(first), pcr0(second)]);
    expect(admitted()).toEqual([pcr0(second)]);
    expect(stderr).toContain('instances: 2 of 2 healthy with an attested enclave');
  });

  test('a release that does not come to serve is taken back, and the keys admit the old one alone', async () => {
    const image = third.release.files.image.sha256;
    standIn.health = () => (template('vault-decryption').includes(image) ? 'unhealthy' : 'healthy');
    const { code, stderr } = await deploy(third, '--yes');
    expect(code).toBe(1);
    expect(stderr).toContain('unhealthy: ');
    expect(stderr).toContain('the release that ran before was put back');
    expect(admitted()).toEqual([pcr0(second)]);
    expect(template('vault-decryption')).toContain(second.release.files.image.sha256);
    standIn.health = () => 'healthy';
  });

  test('destroy takes away what can be made again, and keeps what holds records', async () => {
    const { code, stdout, stderr } = await standIn.run(
      'destroy',
      '--config',
      await standIn.configure(second),
      '--yes',
    );
    expect([code, stdout], stderr).toEqual([0, '']);
    expect(standIn.stacks().map((stack) => stack.split(' ')[0])).toEqual(KEPT);
    expect(admitted()).toBeUndefined();
    const receipt = (await standIn.read('vault-vault-destroyed.json')) as Receipt;
    expect(receipt.keysAreShut).toBe(true);
    expect(receipt.deleted.map(({ stack }) => stack).sort()).toEqual(
      STACKS.filter((stack) => !KEPT.includes(stack)).sort(),
    );
    expect(receipt.kept.find(({ stack }) => stack === 'vault-data')?.holds.TableName).toBe('vault-records');
    expect(stderr).toMatch(/What stays costs \d+ US dollars a month for keys/);
  });

  test('deploy after destroy finds and uses what was kept', async () => {
    const { VaultKeyArn } = standIn.server.cloud('eu-central-1').get('vault-keys').outputs;
    const { code, stderr } = await deploy(second, '--yes');
    expect(code, stderr).toBe(0);
    expect(standIn.server.cloud('eu-central-1').get('vault-keys').outputs.VaultKeyArn).toBe(VaultKeyArn);
    expect(admitted()).toEqual([pcr0(second)]);
    expect(stderr).toContain('vault-data: ');
  });

  test('--delete-data asks for the name', async () => {
    const config = await standIn.configure(second);
    for (const answer of [[], ['--confirm', 'valut']]) {
      const { code, stderr } = await standIn.run('destroy', '--config', config, '--delete-data', ...answer);
      expect(code, stderr).toBe(1);
      expect(stderr).toMatch(/approval_missing|confirmation_wrong/);
    }
    expect(standIn.stacks()).toHaveLength(STACKS.length);
  });

  test('--delete-data takes records and keys, and leaves the trail', async () => {
    const config = await standIn.configure(second);
    const { code, stderr } = await standIn.run(
      'destroy',
      '--config',
      config,
      '--delete-data',
      '--confirm',
      'vault',
    );
    expect(code, stderr).toBe(0);
    expect(standIn.stacks().map((stack) => stack.split(' ')[0])).toEqual([
      'vault-controllers',
      'vault-evidence',
    ]);
    const { world } = standIn.account;
    expect(world.all('AWS::DynamoDB::GlobalTable')).toEqual([]);
    const left = world.all('AWS::KMS::Key').filter(({ deletionAt }) => deletionAt === undefined);
    expect(left.map(({ properties }) => properties.Description)).toEqual(['Encrypts the trail']);
  });
});
