// SPDX-License-Identifier: Apache-2.0
import { DeployError } from '../errors.ts';
import type { StackState } from '../ports.ts';
import { failureLine, follow, newestEvent, type StackTools } from './follow.ts';
import { phaseOf } from './statuses.ts';

/**
 * Deletes a stack and waits for the end, trying again until the time is up: network interfaces of functions go when
 * Lambda gets to it, and until then subnets and security groups cannot.
 * @param waiting called before each repetition, to say what is waited for
 * @throws {DeployError} `deletion_failed`, `stack_timeout`, `interrupted`
 */
export async function removeStack(
  tools: StackTools,
  stack: Pick<StackState, 'id' | 'name'>,
  role: string | undefined,
  waiting?: (failures: readonly string[]) => Promise<void>,
): Promise<void> {
  const { stacks, clock, limits } = tools;
  const deadline = clock.now() + limits.deletion;
  for (;;) {
    const state = await settle(tools, stack);
    if (state.status === 'DELETE_COMPLETE') return;
    const after = await newestEvent(stacks, stack.id);
    await stacks.remove(stack.id, role);
    const { state: end, failures } = await follow(tools, stack, after, { within: limits.deletion });
    if (end.status === 'DELETE_COMPLETE') return;
    const reasons = failures.map(failureLine);
    if (!reasons.some(isPassing) || clock.now() >= deadline) {
      throw new DeployError('deletion_failed', `${stack.name} is ${end.status}`, reasons);
    }
    await waiting?.(reasons);
    await clock.sleep(limits.deletionRetry);
  }
}

/** The stack once CloudFormation has ended what it is at. */
export async function settle(
  tools: StackTools,
  { id, name }: Pick<StackState, 'id' | 'name'>,
): Promise<StackState> {
  const state = await tools.stacks.describe(id);
  if (state === undefined) throw new DeployError('service_failed', `${name} is not there any more`);
  if (phaseOf(state.status) !== 'busy') return state;
  tools.console.say(`${name} is ${state.status}: waiting for it`);
  return (await follow(tools, { id, name }, await newestEvent(tools.stacks, id), { begun: true })).state;
}

/** What is in use today and will not be in a while. */
const PASSING =
  /depend(encies|ent object)|DependencyViolation|currently in use|in use by|has an? (network )?interface/i;

function isPassing(reason: string): boolean {
  return PASSING.test(reason);
}
