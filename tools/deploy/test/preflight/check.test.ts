// SPDX-License-Identifier: Apache-2.0
import { namesOf } from '@enclave-vault/infra';
import { describe, expect, test } from 'vitest';
import { DeployError } from '../../src/errors.ts';
import type { Run } from '../../src/plan/run.ts';
import { preflight, vcpusNeeded } from '../../src/preflight/check.ts';
import { exampleConfig, Rehearsal } from '../support/rehearsal.ts';
import { SHORT } from '../support/tools.ts';

const runOf = ({ cloud, console, clock, config }: Rehearsal): Run => ({
  cloud,
  console,
  clock,
  config,
  limits: SHORT,
  names: namesOf(config),
});
const codes = async (rehearsal: Rehearsal) => (await preflight(runOf(rehearsal))).map(({ code }) => code);

test('an account that fits has no problem', async () => {
  expect(await codes(new Rehearsal())).toEqual([]);
});

describe('credentials', () => {
  test.each([
    ['of another account', '444455556666', 'arn:aws:sts::444455556666:assumed-role/deployer/ada'],
    ['of another partition', '111122223333', 'arn:aws-cn:sts::111122223333:assumed-role/deployer/ada'],
  ])('%s are refused, and nothing else is asked', async (_, account, arn) => {
    const rehearsal = new Rehearsal();
    rehearsal.cloud.callerAccount = account;
    rehearsal.cloud.callerArn = arn;
    rehearsal.cloud.zoneNames = [];
    expect(await codes(rehearsal)).toEqual(['account_other']);
  });

  test.each([
    ['another role', 'assumed-role/payroll/ada'],
    ['a role of a name that only begins like it', 'assumed-role/deployer2/ada'],
    ['a session that is called like it', 'assumed-role/payroll/deployer'],
    ['a user of its name', 'user/deployer'],
    ['the root user', 'root'],
  ])('of %s are refused', async (_, principal) => {
    const rehearsal = new Rehearsal();
    const service = principal.startsWith('assumed-role') ? 'sts' : 'iam';
    rehearsal.cloud.callerArn = `arn:aws:${service}::111122223333:${principal}`;
    expect(await codes(rehearsal)).toEqual(['deployer_unlisted']);
  });

  test.each(['build', 'deploy', 'deployment'])(
    'of our own role %s are refused unless `deployers` lists it',
    async (role) => {
      const rehearsal = new Rehearsal();
      rehearsal.cloud.callerArn = `arn:aws:sts::111122223333:assumed-role/vault-${role}/session`;
      expect(await codes(rehearsal)).toEqual(['deployer_unlisted']);
    },
  );

  test('that are missing or have expired are said so', async () => {
    const rehearsal = new Rehearsal();
    const cloud = Object.create(rehearsal.cloud, {
      account: {
        value: { caller: () => Promise.reject(new DeployError('credentials_expired', 'expired')) },
      },
    });
    const problems = await preflight({ ...runOf(rehearsal), cloud });
    expect(problems).toEqual([{ code: 'credentials_expired', message: 'expired' }]);
  });
});

test('everything else is told at once', async () => {
  const rehearsal = new Rehearsal();
  const { cloud } = rehearsal;
  cloud.zoneNames = ['eu-central-1a', 'eu-central-1c'];
  cloud.lists['com.amazonaws.eu-central-1.s3'] = 'pl-00000000';
  cloud.quotas = { 'L-1216C47A': 5, 'L-34B43A08': 0 };
  cloud.logRole = undefined;
  cloud.here.put('vault-api', 'CREATE_COMPLETE', { team: 'payroll' });
  cloud.here.put('vault-data', 'UPDATE_ROLLBACK_FAILED', { 'enclave-vault': 'vault' });
  const problems = await preflight(runOf(rehearsal));
  expect(problems.map(({ code }) => code).sort()).toEqual([
    'log_role_missing',
    'name_taken',
    'prefix_list_other',
    'quota_low',
    'quota_low',
    'stack_stuck',
    'zone_unknown',
  ]);
  const text = problems.map(({ message }) => message).join('\n');
  expect(text).toContain('eu-central-1b: not open to this account; it has eu-central-1a, eu-central-1c');
  expect(text).toContain('network.prefixLists.s3 is pl-6ea54007; in eu-central-1 it is pl-00000000');
  expect(text).toContain('L-1216C47A: 5 on-demand vCPUs in eu-central-1; decryption needs up to 8');
  expect(text).toContain('L-34B43A08: 0 Spot vCPUs in eu-central-1; decryption needs up to 16');
  expect(cloud.here.done).toEqual([]);
});

test('what an earlier run left is no problem, and is said', async () => {
  const rehearsal = new Rehearsal();
  rehearsal.cloud.here.put('vault-network', 'CREATE_IN_PROGRESS', { 'enclave-vault': 'vault' });
  rehearsal.cloud.here.put('vault-base', 'ROLLBACK_COMPLETE', { 'enclave-vault': 'vault' });
  expect(await codes(rehearsal)).toEqual([]);
  expect(rehearsal.console.lines).toEqual([
    'vault-base is ROLLBACK_COMPLETE, from an earlier run: this one goes on from there',
    'vault-network is CREATE_IN_PROGRESS, from an earlier run: this one goes on from there',
  ]);
});

describe('API Gateway’s log role', () => {
  test.each([[{ accessLogs: false }], [{ accountLogRole: 'set' }]])(
    'is not asked for with %j',
    async (api) => {
      const rehearsal = new Rehearsal(exampleConfig({ api }));
      rehearsal.cloud.logRole = undefined;
      expect(await codes(rehearsal)).toEqual([]);
    },
  );
});

test.each([
  [
    { max: 6, onDemandBase: 2, onDemandPercent: 0 },
    { onDemand: 8, spot: 16 },
  ],
  [
    { max: 6, onDemandBase: 2, onDemandPercent: 50 },
    { onDemand: 16, spot: 8 },
  ],
  [
    { max: 5, onDemandBase: 9, onDemandPercent: 0 },
    { onDemand: 20, spot: 0 },
  ],
  [
    { max: 3, onDemandBase: 0, onDemandPercent: 0, maxVcpus: 8, enclaves: { count: 2, cpuCount: 2 } },
    { onDemand: 0, spot: 18 },
  ],
])('vCPUs of %j', (decryption, needed) => {
  expect(vcpusNeeded(exampleConfig({ decryption }))).toEqual(needed);
});
