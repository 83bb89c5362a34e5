// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AwsError } from '@enclave-vault/emulator-account';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { releaseFixture } from '../support/release-fixture.ts';
import { StandIn } from './stand-in.ts';

let standIn: StandIn;
let config: string;
beforeEach(async () => {
  standIn = await StandIn.start();
  config = await standIn.configure(await releaseFixture('1.0.0'));
});
afterEach(() => standIn.close());

const deploy = (...args: string[]) => standIn.run('deploy', '--config', config, '--yes', ...args);

describe('before anything is created', () => {
  afterEach(() => {
    expect(standIn.changes()).toEqual([]);
    expect(standIn.stacks()).toEqual([]);
  });

  test.each([
    ['no credentials', null, 'credentials_missing: there are no AWS credentials here'],
    ['credentials that ended', 'AKIDEXPIRED', 'credentials_expired: the AWS credentials have expired'],
    ['credentials that nobody knows', 'AKIDNOBODY', 'credentials_missing: AWS does not know the credentials'],
    [
      'a role that is none of the deployers',
      'AKIDPAYROLL',
      'deployer_unlisted: arn:aws:sts::111122223333:assumed-role/payroll/session',
    ],
  ])('%s', async (_, key, line) => {
    standIn.key = key;
    const { code, stdout, stderr } = await deploy();
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(line);
    expect(stderr).not.toContain('secret');
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('a wrong configuration: every problem at once, exit code 2', async () => {
    await writeFile(config, JSON.stringify({ name: 'V', account: '1', regoin: 'eu-central-1' }));
    const { code, stderr } = await deploy();
    expect(code).toBe(2);
    for (const setting of ['name', 'account', 'regoin', 'zones', 'deployers', 'network.prefixLists.s3']) {
      expect(stderr).toMatch(new RegExp(`^  ${setting} `, 'm'));
    }
  });

  test('words that are off: the usage, exit code 2', async () => {
    const { code, stderr } = await deploy('--force');
    expect(code).toBe(2);
    expect(stderr).toContain("Unknown option '--force'");
    expect(stderr).toContain('npm run deploy -- --config deploy.json');
  });

  test('a stage that there is not, and a signing key that cannot be opened, before anybody is asked', async () => {
    standIn.key = null;
    const unknown = await deploy('--only', 'nothing');
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toMatch(/^--only takes one of controllers, .*, watch\n/);
    const key = await deploy('--sign', 'release-key.pem');
    expect(key.code).toBe(1);
    expect(key.stderr).toContain('key_unreadable: ');
    expect(key.stderr).toContain('ENCLAVE_VAULT_SIGNING_PASSPHRASE');
  });

  test('a stage of a vault that is not there', async () => {
    const { code, stderr } = await deploy('--only', 'api');
    expect(code).toBe(1);
    expect(stderr).toContain('stack_missing: vault-controllers is not deployed, and api comes after it');
  });

  test('a release that does not match and an account that does not fit are told together', async () => {
    await standIn.server.close();
    await standIn.listen({ quotas: { 'L-1216C47A': 5, 'L-34B43A08': 64 } });
    standIn.account.world.apiGatewayLogRole = null;
    const release = await releaseFixture('2.0.0');
    config = await standIn.configure(release, { zones: ['eu-central-1a', 'eu-central-1f'] });
    await writeFile(join(release.folder, 'api.zip'), 'something else');
    const { code, stderr } = await deploy();
    expect(code).toBe(1);
    expect(stderr).toContain('preflight_failed: 4 things stand in the way:');
    expect(stderr).toContain('release_refused: ');
    expect(stderr).toContain('    a file of the release is not the one that was signed: api.zip');
    expect(stderr).toContain('zone_unknown: eu-central-1f');
    expect(stderr).toContain('quota_low: L-1216C47A: 5 on-demand vCPUs');
    expect(stderr).toContain('log_role_missing: ');
    expect(stderr).toContain('Have the quota raised');
  });

  test('a manifest whose measurements are not its image’s', async () => {
    config = await standIn.configure(
      await releaseFixture('2.0.0', '2.0.0', { image: (image) => ({ ...image, pcr0: '1'.repeat(96) }) }),
    );
    const { code, stderr } = await deploy();
    expect(code).toBe(1);
    expect(stderr).toContain('enclave-vault.eif: PCR0 is not what the manifest says');
  });

  test('--print-deployer-policy asks nothing of AWS', async () => {
    standIn.key = null;
    const { code, stdout } = await standIn.run('deploy', '--config', config, '--print-deployer-policy');
    expect(code).toBe(0);
    const policies = JSON.parse(stdout) as Record<string, { Statement: { Sid: string }[] }>;
    expect(Object.keys(policies)).toEqual(['deploy', 'roles']);
    expect(policies.deploy?.Statement.map(({ Sid }) => Sid)).toContain('HandOver');
    expect(standIn.server.calls).toEqual([]);
  });

  test('--init writes a configuration that reads, and overwrites none', async () => {
    const breakGlass = 'arn:aws:iam::111122223333:role/people/on-call';
    const init = () =>
      standIn.run('deploy', '--init', 'new.json', '--name', 'second', '--break-glass', breakGlass);
    const { code, stderr } = await init();
    expect(code, stderr).toBe(0);
    const written = (await standIn.read('new.json')) as Record<string, unknown>;
    expect(written).toMatchObject({
      name: 'second',
      account: '111122223333',
      region: 'eu-central-1',
      deployers: standIn.config.deployers,
      breakGlass: [breakGlass],
      network: { prefixLists: standIn.config.network.prefixLists },
    });
    expect(written.zones).toHaveLength(2);
    expect((await init()).stderr).toContain('file_exists: ');
  });

  test('destroy of a vault that is not there', async () => {
    const { code, stderr } = await standIn.run('destroy', '--config', config, '--yes');
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('There is no vault vault in 111122223333, eu-central-1.');
  });
});

test('--dry-run of a vault that is not there: what can be compared before there is a deployment role, and no trace', async () => {
  const { code, stderr } = await deploy('--dry-run');
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/vault-identities: \d+ resources to be made/);
  expect(stderr).toContain('vault-base: to be made, once the deployment role is there');
  expect(stderr).toContain('Nothing was changed.');
  // The empty stacks that change sets make are taken away without a word: nobody asked for a deletion.
  expect(stderr).not.toContain('DELETE_');
  expect(standIn.stacks()).toEqual([]);
});

describe('half-way', () => {
  test('a failure names the resource and its reason, and says what to do', async () => {
    await standIn.server.close();
    let failed = false;
    await standIn.listen({
      fault: (operation, type) => {
        if (failed || operation !== 'create' || type !== 'AWS::EC2::VPCEndpoint') return;
        failed = true;
        throw new AwsError(
          'VpcEndpointLimitExceeded',
          'The maximum number of VPC endpoints has been reached',
        );
      },
    });
    const { code, stderr } = await deploy();
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /stack_failed: vault-network is ROLLBACK_COMPLETE: what it had made was deleted again/,
    );
    expect(stderr).toMatch(
      / {2}\w+ \(AWS::EC2::VPCEndpoint\) CREATE_FAILED: .*maximum number of VPC endpoints/,
    );
    expect(stderr).toContain('Mend the reason above and run the command again');
    const again = await deploy();
    expect(again.code, again.stderr).toBe(0);
    expect(again.stderr).toContain('vault-network is ROLLBACK_COMPLETE: deleting what is left of it');
  });

  test('Ctrl-C says how to go on, and the next run does', async () => {
    const { child, ended } = standIn.begin('deploy', '--config', config, '--yes');
    child.stderr?.on('data', (text) => {
      if (String(text).includes('[4/12]')) child.kill('SIGINT');
    });
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/interrupted: stopped/);
    expect(stderr).toContain('Run the command again: it waits for this stack and goes on.');
    const again = await deploy();
    expect(again.code, again.stderr).toBe(0);
  });
});
