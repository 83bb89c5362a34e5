// SPDX-License-Identifier: Apache-2.0
import { DeployError } from '../errors.ts';
import type { ChangeSetRequest, StackState, TemplateSource } from '../ports.ts';
import { changeLine, losses, propose } from './change-set.ts';
import { failureLine, follow, newestEvent, type StackTools } from './follow.ts';
import { removeStack } from './remove.ts';
import { phaseOf, succeeded } from './statuses.ts';

const LOG_GROUP = 'AWS::Logs::LogGroup';

/** A stack as it is wanted. */
export interface WantedStack {
  readonly stack: string;
  readonly template: TemplateSource;
  /** Role that CloudFormation works as; absent: the caller's own rights. */
  readonly role?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly namedIam: boolean;
  /** Has log groups that its predecessor, when it was deleted, left behind as evidence: they are taken over. */
  readonly leavesLogs: boolean;
  /** Protected against deletion, and against changes that would lose what is in it. */
  readonly kept: boolean;
}

export type Applied = 'created' | 'updated' | 'unchanged';

/** Tag that says whose a stack is; synthesized templates give it to every resource as well. */
export const OWNER_TAG = 'enclave-vault';

/**
 * Brings a stack to what is wanted, whatever an earlier attempt left of it: waits for what is under way, deletes a first
 * attempt that came to nothing, changes nothing where nothing changed.
 * @throws {DeployError} `name_taken`, `stack_stuck`, `change_set_failed`, `replacement_refused`, `stack_failed`, `stack_timeout`, `interrupted`
 */
export async function applyStack(tools: StackTools, wanted: WantedStack): Promise<Applied> {
  const { stacks, console, clock } = tools;
  const state = await usable(tools, wanted);
  const kind = state === undefined ? 'CREATE' : 'UPDATE';
  const proposal = await propose(tools, request(wanted, kind, clock.now()));
  if (proposal === null) {
    await protectKept(tools, wanted, state);
    return 'unchanged';
  }
  const foreign = proposal.changes.filter(({ action, type }) => action === 'Import' && type !== LOG_GROUP);
  if (foreign.length > 0) {
    await stacks.withdraw(proposal.id);
    throw new DeployError('name_taken', `${wanted.stack} would take over:`, foreign.map(changeLine));
  }
  const lost = wanted.kept ? losses(proposal.changes) : [];
  if (lost.length > 0) {
    await stacks.withdraw(proposal.id);
    throw new DeployError('replacement_refused', `${wanted.stack} would lose:`, lost.map(changeLine));
  }
  const current = await stacks.describe(wanted.stack);
  if (current === undefined) throw new DeployError('service_failed', `${wanted.stack} is not there any more`);
  const after = await newestEvent(stacks, current.id);
  console.say(`${wanted.stack}: ${proposal.changes.length} ${kind === 'CREATE' ? 'resources' : 'changes'}`);
  await stacks.execute(proposal.id);
  const ended = await follow(tools, current, after);
  if (!succeeded(ended.state.status)) {
    throw new DeployError(
      'stack_failed',
      `${wanted.stack} is ${ended.state.status}: ${whatIsLeft(ended.state.status)}`,
      ended.failures.map(failureLine),
    );
  }
  await protectKept(tools, wanted, ended.state);
  return kind === 'CREATE' ? 'created' : 'updated';
}

/** What a failed operation has left behind, in words. */
function whatIsLeft(status: string): string {
  if (status === 'ROLLBACK_COMPLETE') return 'what it had made was deleted again';
  if (status === 'UPDATE_ROLLBACK_COMPLETE') return 'it is as it was before';
  return 'CloudFormation could not take its changes back';
}

/** The stack to update, or undefined when it is to be made. */
async function usable(tools: StackTools, { stack, role, kept, tags }: WantedStack) {
  let state = await tools.stacks.describe(stack);
  if (state === undefined) return undefined;
  demandOurs(state, tags);
  if (phaseOf(state.status) === 'busy') {
    tools.console.say(`${stack} is ${state.status}, from an earlier run: waiting for it`);
    state = (await follow(tools, state, await newestEvent(tools.stacks, state.id), { begun: true })).state;
    if (state.status === 'DELETE_COMPLETE') return undefined;
  }
  switch (phaseOf(state.status)) {
    case 'ready':
      return state;
    case 'empty':
      return undefined;
    case 'dead':
      // What a deletion has left of a kept stack may be the table: that is finished by who began it.
      if (kept && state.status === 'DELETE_FAILED') throw stuck(state);
      tools.console.say(`${stack} is ${state.status}: deleting what is left of it`);
      await removeStack(tools, state, role);
      return undefined;
    default:
      throw stuck(state);
  }
}

function stuck({ name, status, reason }: StackState): DeployError {
  return new DeployError('stack_stuck', `${name} is ${status}${reason === undefined ? '' : `: ${reason}`}`);
}

/** @throws {DeployError} `name_taken` */
export function demandOurs(state: StackState, wanted: Readonly<Record<string, string>>): void {
  const { name, status, tags } = state;
  // A stack may get its tags with its first execution only: before that nothing is in it that could be another's.
  if (phaseOf(status) === 'empty' && Object.keys(tags).length === 0) return;
  if (tags[OWNER_TAG] === wanted[OWNER_TAG]) return;
  throw new DeployError(
    'name_taken',
    `there is a stack ${name} that is not of this vault (tag ${OWNER_TAG})`,
  );
}

async function protectKept({ stacks }: StackTools, { stack, kept }: WantedStack, state?: StackState) {
  if (kept && state?.terminationProtection !== true) await stacks.protect(stack, true);
}

/** The change set's request for a stack. */
export function request(
  { stack, template, role, tags, namedIam, leavesLogs }: WantedStack,
  kind: 'CREATE' | 'UPDATE',
  now: number,
): ChangeSetRequest {
  return {
    stack,
    kind,
    changeSet: `deploy-${now.toString(36)}`,
    template,
    ...(role === undefined ? {} : { role }),
    tags,
    namedIam,
    adopt: leavesLogs && kind === 'CREATE',
  };
}
