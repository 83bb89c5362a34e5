// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, test } from 'vitest';
import { DeployError } from '../../src/errors.ts';
import { applyStack, type WantedStack } from '../../src/stack/apply.ts';
import { FakeStacks } from '../support/fake-stacks.ts';
import { FakeClock, FakeConsole, refusal, SHORT } from '../support/tools.ts';

const TAGS = { 'enclave-vault': 'vault' };
const body = (resources: Record<string, { Type: string; Properties?: Record<string, unknown> }>): string =>
  JSON.stringify({ Resources: resources });
const TOPIC = body({ Topic: { Type: 'AWS::SNS::Topic' } });
const TOPIC_NAMED = body({ Topic: { Type: 'AWS::SNS::Topic', Properties: { DisplayName: 'a' } } });
const wanted = (change: Partial<WantedStack> = {}): WantedStack => ({
  stack: 'vault-base',
  template: { body: TOPIC },
  role: 'arn:aws:iam::111122223333:role/vault/vault-deployment',
  tags: TAGS,
  namedIam: false,
  leavesLogs: false,
  kept: false,
  ...change,
});

let stacks: FakeStacks;
let clock: FakeClock;
let console: FakeConsole;
const tools = () => ({ stacks, clock, console, limits: SHORT });
beforeEach(() => {
  stacks = new FakeStacks();
  clock = new FakeClock();
  console = new FakeConsole();
});

describe('a stack', () => {
  test('is created, left alone where nothing changed, and updated', async () => {
    expect(await applyStack(tools(), wanted())).toBe('created');
    expect(await applyStack(tools(), wanted())).toBe('unchanged');
    expect(await applyStack(tools(), wanted({ template: { body: TOPIC_NAMED } }))).toBe('updated');
    expect(stacks.done).toEqual(['create vault-base', 'update vault-base']);
    expect(stacks.requests.map(({ kind }) => kind)).toEqual(['CREATE', 'UPDATE', 'UPDATE']);
    expect(new Set(stacks.requests.map(({ role }) => role))).toEqual(new Set([wanted().role]));
    expect(console.text).toContain('CREATE_COMPLETE      vault-base (AWS::CloudFormation::Stack)');
  });

  test('that is kept gets its protection once it is there, and again where somebody took it', async () => {
    await applyStack(tools(), wanted({ kept: true }));
    await applyStack(tools(), wanted({ kept: true }));
    await stacks.protect('vault-base', false);
    await applyStack(tools(), wanted({ kept: true }));
    expect(stacks.done).toEqual([
      'create vault-base',
      'protect vault-base',
      'unprotect vault-base',
      'protect vault-base',
    ]);
  });

  test('of another owner is refused before anything is asked of it', async () => {
    stacks.put('vault-base', 'CREATE_COMPLETE', { team: 'payroll' });
    expect(await refusal(applyStack(tools(), wanted()))).toMatchObject({ code: 'name_taken' });
    expect(stacks.requests).toEqual([]);
  });
});

describe('what an earlier run left', () => {
  test.each(['CREATE_FAILED', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'DELETE_FAILED'])(
    '%s is deleted, and the stack made anew',
    async (status) => {
      stacks.put('vault-base', status, TAGS);
      expect(await applyStack(tools(), wanted())).toBe('created');
      expect(stacks.done).toEqual(['delete vault-base', 'create vault-base']);
    },
  );

  test('DELETE_FAILED of a kept stack is not: it may be the table', async () => {
    stacks.put('vault-data', 'DELETE_FAILED', TAGS);
    const { code } = await refusal(applyStack(tools(), wanted({ stack: 'vault-data', kept: true })));
    expect(code).toBe('stack_stuck');
    expect(stacks.done).toEqual([]);
  });

  test('a change set that was never executed does not hinder', async () => {
    stacks.put('vault-base', 'REVIEW_IN_PROGRESS', TAGS);
    stacks.set('vault-base', { template: undefined });
    expect(await applyStack(tools(), wanted())).toBe('created');
  });

  test('nor one whose stack has no tags yet; with tags of another owner it is refused', async () => {
    stacks.put('vault-base', 'REVIEW_IN_PROGRESS', {});
    stacks.set('vault-base', { template: undefined });
    expect(await applyStack(tools(), wanted())).toBe('created');
    stacks.put('vault-x', 'REVIEW_IN_PROGRESS', { team: 'payroll' });
    const { code } = await refusal(applyStack(tools(), wanted({ stack: 'vault-x' })));
    expect(code).toBe('name_taken');
  });

  test.each([
    ['CREATE_IN_PROGRESS', 'CREATE_COMPLETE', 'updated'],
    ['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'UPDATE_COMPLETE', 'updated'],
    ['UPDATE_ROLLBACK_IN_PROGRESS', 'UPDATE_ROLLBACK_COMPLETE', 'updated'],
    ['ROLLBACK_IN_PROGRESS', 'ROLLBACK_COMPLETE', 'created'],
  ])('%s is waited for', async (status, next, outcome) => {
    stacks.put('vault-base', status, TAGS, next);
    expect(await applyStack(tools(), wanted())).toBe(outcome);
    expect(console.lines[0]).toBe(`vault-base is ${status}, from an earlier run: waiting for it`);
  });

  test.each(['UPDATE_ROLLBACK_FAILED', 'UPDATE_FAILED', 'SOMETHING_NEW'])(
    '%s is left to people',
    async (status) => {
      stacks.put('vault-base', status, TAGS);
      const { code, text } = await refusal(applyStack(tools(), wanted()));
      expect(code).toBe('stack_stuck');
      expect(text).toContain(`vault-base is ${status}`);
      expect(stacks.done).toEqual([]);
    },
  );
});

describe('a failure', () => {
  test('of a first attempt names the cause, not what was broken off, and the next attempt succeeds', async () => {
    stacks.fail('vault-base', { logicalId: 'Topic', type: 'AWS::SNS::Topic', reason: 'quota of topics' });
    expect(await refusal(applyStack(tools(), wanted()))).toEqual({
      code: 'stack_failed',
      text: 'vault-base is ROLLBACK_COMPLETE: what it had made was deleted again\nTopic (AWS::SNS::Topic) CREATE_FAILED: quota of topics',
    });
    expect(await applyStack(tools(), wanted())).toBe('created');
  });

  test('of an update says that the stack is as before', async () => {
    await applyStack(tools(), wanted());
    stacks.fail('vault-base', { reason: 'no' });
    const { text } = await refusal(applyStack(tools(), wanted({ template: { body: TOPIC_NAMED } })));
    expect(text).toContain('UPDATE_ROLLBACK_COMPLETE: it is as it was before');
    expect(await stacks.template('vault-base')).toBe(TOPIC);
  });

  test('to go back is said, and stops the next run', async () => {
    await applyStack(tools(), wanted());
    stacks.fail('vault-base', { reason: 'no', stuck: true });
    const change = wanted({ template: { body: TOPIC_NAMED } });
    expect((await refusal(applyStack(tools(), change))).text).toContain('could not take its changes back');
    expect((await refusal(applyStack(tools(), change))).code).toBe('stack_stuck');
  });

  test('Ctrl-C leaves CloudFormation working, and the next run waits for it', async () => {
    clock.interruptAt = 1;
    const { code, text } = await refusal(applyStack(tools(), wanted()));
    expect(code).toBe('interrupted');
    expect(text).toBe('stopped while vault-base was CREATE_IN_PROGRESS');
    clock.interruptAt = Number.POSITIVE_INFINITY;
    expect(await applyStack(tools(), wanted())).toBe('unchanged');
  });

  test('a stack that never ends is given up on, and not touched', async () => {
    stacks.put('vault-base', 'UPDATE_IN_PROGRESS', TAGS);
    const { code, text } = await refusal(applyStack(tools(), wanted()));
    expect(code).toBe('stack_timeout');
    expect(text).toBe('vault-base is still UPDATE_IN_PROGRESS');
    expect(stacks.done).toEqual([]);
  });
});

describe('what would lose records', () => {
  const KEY = body({ VaultKey: { Type: 'AWS::KMS::Key' } });

  test.each([
    ['removed', body({ Other: { Type: 'AWS::KMS::Alias' } }), '- VaultKey (AWS::KMS::Key)'],
    ['replaced', body({ VaultKey: { Type: 'AWS::DynamoDB::GlobalTable' } }), '~ VaultKey'],
  ])('is refused in a kept stack: a key %s', async (_, template, line) => {
    await applyStack(tools(), wanted({ template: { body: KEY }, kept: true }));
    const { code, text } = await refusal(
      applyStack(tools(), wanted({ template: { body: template }, kept: true })),
    );
    expect(code).toBe('replacement_refused');
    expect(text).toContain(line);
    expect(stacks.done).toEqual(['create vault-base', 'protect vault-base']);
  });

  test('is executed in a stack that is not kept', async () => {
    await applyStack(tools(), wanted({ template: { body: KEY } }));
    expect(await applyStack(tools(), wanted())).toBe('updated');
  });
});

test('a role that was made a moment ago is waited for, and any other refusal is not', async () => {
  const late = () =>
    new DeployError('service_failed', 'CreateChangeSet: Role arn:x is invalid or cannot be assumed');
  stacks.refusals.push(late(), late(), late());
  expect(await applyStack(tools(), wanted())).toBe('created');
  expect(stacks.requests).toHaveLength(4);
  stacks.refusals.push(...Array.from({ length: 20 }, late));
  const { text } = await refusal(applyStack(tools(), wanted({ stack: 'vault-x' })));
  expect(text).toContain('cannot be assumed');
  stacks.refusals.splice(0, 20, new DeployError('access_denied', 'no'));
  expect((await refusal(applyStack(tools(), wanted({ stack: 'vault-y' })))).code).toBe('access_denied');
});
