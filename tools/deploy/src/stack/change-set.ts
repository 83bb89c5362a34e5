// SPDX-License-Identifier: Apache-2.0
import { DeployError } from '../errors.ts';
import type { ChangeSetRequest, ResourceChange } from '../ports.ts';
import type { StackTools } from './follow.ts';

/** A change set that waits to be executed; null where there is nothing to change. */
export interface Proposal {
  readonly id: string;
  readonly changes: readonly ResourceChange[];
}

/** CloudFormation says that nothing changes as a failure with one of these reasons. */
const NO_CHANGES = /didn't contain changes|No updates are to be performed/i;
/** A role that was made seconds ago is not known everywhere (IAM User Guide, "Changes that I make are not always immediately visible"). */
const ROLE_UNKNOWN = /cannot be assumed|Role .* is invalid/i;
const ROLE_ATTEMPTS = 8;

/**
 * Has CloudFormation compare a template with the stack.
 * @throws {DeployError} `change_set_failed`
 */
export async function propose(tools: StackTools, request: ChangeSetRequest): Promise<Proposal | null> {
  const { stacks, clock, limits } = tools;
  const id = await proposeAsRole(tools, request);
  const deadline = clock.now() + limits.changeSet;
  for (;;) {
    const { status, reason = '', changes } = await stacks.proposal(id);
    if (status === 'CREATE_COMPLETE') return { id, changes };
    if (status === 'FAILED') {
      await stacks.withdraw(id);
      if (NO_CHANGES.test(reason)) return null;
      throw new DeployError('change_set_failed', `${request.stack}: ${reason}`);
    }
    if (clock.now() >= deadline) {
      throw new DeployError('change_set_failed', `${request.stack}: the change set is still ${status}`);
    }
    await clock.sleep(limits.poll);
  }
}

async function proposeAsRole({ stacks, clock, limits }: StackTools, request: ChangeSetRequest) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await stacks.propose(request);
    } catch (error) {
      const again = error instanceof DeployError && ROLE_UNKNOWN.test(error.message);
      if (!again || attempt === ROLE_ATTEMPTS) throw error;
      await clock.sleep(limits.iamSettles);
    }
  }
}

/** Types whose loss is the loss of records, or of the proof about them. */
const PRECIOUS = new Set([
  'AWS::KMS::Key',
  'AWS::KMS::ReplicaKey',
  'AWS::DynamoDB::GlobalTable',
  'AWS::Logs::LogGroup',
]);

/** Changes that would take away something precious. Of a kept stack none is ever executed. */
export function losses(changes: readonly ResourceChange[]): readonly ResourceChange[] {
  return changes.filter(
    ({ action, type, replacement }) =>
      PRECIOUS.has(type) && (action === 'Remove' || (action === 'Modify' && replacement === 'True')),
  );
}

/** A change as a line: `~ Table (AWS::DynamoDB::GlobalTable) Replicas`. */
export function changeLine({ action, logicalId, type, replacement, properties }: ResourceChange): string {
  const sign = { Add: '+', Remove: '-', Modify: '~', Import: '<' }[action] ?? '?';
  const replaced = { True: ' REPLACED', Conditional: ' perhaps replaced' }[replacement] ?? '';
  const what = properties.length > 0 ? ` ${properties.join(', ')}` : '';
  return `${sign} ${logicalId} (${type})${replaced}${what}`;
}
