// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, test } from 'vitest';
import type { ResourceChange } from '../../src/ports.ts';
import { applyStack, type WantedStack } from '../../src/stack/apply.ts';
import { putBack } from '../../src/stack/put-back.ts';
import { FakeStacks } from '../support/fake-stacks.ts';
import { FakeClock, FakeConsole, refusal, SHORT } from '../support/tools.ts';

const WANTED: WantedStack = {
  stack: 'vault-keys',
  template: { body: JSON.stringify({ Resources: { VaultKey: { Type: 'AWS::KMS::Key' } } }) },
  tags: { 'enclave-vault': 'vault' },
  namedIam: false,
  leavesLogs: false,
  kept: true,
};
const change = (given: Partial<ResourceChange> = {}): ResourceChange => ({
  action: 'Modify',
  logicalId: 'VaultKey',
  type: 'AWS::KMS::Key',
  replacement: 'False',
  properties: ['KeyPolicy'],
  drift: 'MODIFIED',
  ...given,
});

let stacks: FakeStacks;
let console: FakeConsole;
const tools = () => ({ stacks, clock: new FakeClock(), console, limits: SHORT });
const found = (...changes: ResourceChange[]) =>
  stacks.drift.set(WANTED.stack, { status: 'CREATE_COMPLETE', changes });
beforeEach(async () => {
  stacks = new FakeStacks();
  console = new FakeConsole();
  await applyStack(tools(), WANTED);
  stacks.done.length = 0;
});

describe('what was changed beside CloudFormation', () => {
  test('is nothing: one comparison, and no word', async () => {
    const before = console.text;
    expect(await putBack(tools(), WANTED)).toBe(false);
    expect(stacks.requests.at(-1)).toMatchObject({ kind: 'UPDATE', revertDrift: true, adopt: false });
    expect([stacks.done, console.text]).toEqual([[], before]);
  });

  test('is put back in place, and named', async () => {
    found(change(), change({ action: 'SyncWithActual', logicalId: 'VaultAlias' }));
    expect(await putBack(tools(), WANTED)).toBe(true);
    expect(stacks.done).toEqual(['update vault-keys']);
    expect(console.text).toContain('~ VaultKey (AWS::KMS::Key) KeyPolicy');
  });

  test.each([
    ['replaced', change({ replacement: 'True' })],
    ['perhaps replaced', change({ replacement: 'Conditional' })],
    ['made anew after it was deleted', change({ action: 'Add', drift: 'DELETED', properties: [] })],
    ['found gone, whatever the action is called', change({ drift: 'DELETED' })],
    ['removed', change({ action: 'Remove' })],
  ])('is not put back where something would be %s', async (_, refused) => {
    found(change({ logicalId: 'Other' }), refused);
    expect(await putBack(tools(), WANTED)).toBe(false);
    expect(stacks.done).toEqual([]);
    expect(console.text).toContain('NOT put back');
    expect(console.text).not.toContain('Other');
  });

  test('cannot be found: that is said, and stops nothing', async () => {
    stacks.drift.set(WANTED.stack, { status: 'FAILED', reason: 'not authorized to read', changes: [] });
    expect(await putBack(tools(), WANTED)).toBe(false);
    expect(console.text).toContain('NOT compared with what is there: vault-keys: not authorized to read');
  });

  test('cannot be put back: the run ends', async () => {
    found(change());
    stacks.fail(WANTED.stack, { logicalId: 'VaultKey', reason: 'access denied' });
    expect((await refusal(putBack(tools(), WANTED))).code).toBe('stack_failed');
  });
});
