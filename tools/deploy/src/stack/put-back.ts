// SPDX-License-Identifier: Apache-2.0
import { DeployError } from '../errors.ts';
import type { ChangeSetRequest, ResourceChange } from '../ports.ts';
import { request, type WantedStack } from './apply.ts';
import { changeLine, type Proposal, propose } from './change-set.ts';
import { failureLine, follow, newestEvent, type StackTools } from './follow.ts';
import { succeeded } from './statuses.ts';

/**
 * Puts back what was changed of a stack's resources beside CloudFormation, by a drift-aware change set (CloudFormation User
 * Guide, "Using drift-aware change sets"). It is given the template that was just applied: whatever it finds is drift, and
 * changes of the template stay with an ordinary change set. Only changes in place are executed: a key or table that is gone
 * is restored by people, not made anew and empty. What cannot be compared is said, and stops nothing.
 * @returns whether anything was put back
 * @throws {DeployError} `stack_failed`, `stack_timeout`, `interrupted`
 */
export async function putBack(tools: StackTools, wanted: WantedStack): Promise<boolean> {
  const { stacks, console } = tools;
  const proposal = await proposeDrift(tools, wanted);
  if (proposal === null) return false;
  const lines = proposal.changes.map(changeLine);
  const refused = proposal.changes.filter((change) => !inPlace(change));
  if (refused.length > 0 || lines.length === 0) await stacks.withdraw(proposal.id);
  if (lines.length === 0) return false;
  if (refused.length > 0) {
    console.say(`${wanted.stack}: NOT put back, as more than a change in place is needed:`);
    for (const change of refused) console.say(`  ${changeLine(change)}${goneMark(change)}`);
    return false;
  }
  const current = await stacks.describe(wanted.stack);
  if (current === undefined) throw new DeployError('service_failed', `${wanted.stack} is not there any more`);
  const after = await newestEvent(stacks, current.id);
  console.say(`${wanted.stack}: changed beside CloudFormation, and put back:`);
  for (const line of lines) console.say(`  ${line}`);
  await stacks.execute(proposal.id);
  const { state, failures } = await follow(tools, current, after);
  if (succeeded(state.status)) return true;
  throw new DeployError(
    'stack_failed',
    `${wanted.stack} is ${state.status}: what was changed beside CloudFormation could not be put back`,
    failures.map(failureLine),
  );
}

/** What a drift-aware change set finds; null where that is nothing, or cannot be had. */
export async function proposeDrift(tools: StackTools, wanted: WantedStack): Promise<Proposal | null> {
  const { stack } = wanted;
  const now = tools.clock.now();
  const sent: ChangeSetRequest = {
    ...request(wanted, 'UPDATE', now),
    changeSet: `put-back-${now.toString(36)}`,
    revertDrift: true,
  };
  try {
    return await propose(tools, sent);
  } catch (error) {
    if (!(error instanceof DeployError) || !/^(change_set_failed|service_failed)$/.test(error.code))
      throw error;
    tools.console.say(`${stack}: NOT compared with what is there: ${error.message}`);
    return null;
  }
}

/** SyncWithActual: CloudFormation notes what is there, and changes nothing. */
function inPlace({ action, replacement, drift }: ResourceChange): boolean {
  if (drift === 'DELETED') return false;
  return action === 'SyncWithActual' || (action === 'Modify' && replacement === 'False');
}

function goneMark({ drift }: ResourceChange): string {
  return drift === 'DELETED' ? ' is gone' : '';
}
