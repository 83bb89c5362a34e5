// SPDX-License-Identifier: Apache-2.0
import { demandOurs } from '../stack/apply.ts';
import { settle } from '../stack/remove.ts';
import { phaseOf } from '../stack/statuses.ts';
import { type Run, toolsIn } from './run.ts';
import { type Placed, tagsOf } from './stage.ts';

/**
 * Waits for those stacks that CloudFormation is at work on. Until it has ended, nobody can tell what a stack is: its keys would be
 * taken for new ones, and be shut, its table for one without replicas.
 * @throws {DeployError} `name_taken`, `stack_timeout`, `interrupted`
 */
export async function settleAll(run: Run, places: readonly Placed[]): Promise<void> {
  for (const { stage, region } of places) {
    const tools = toolsIn(run, region);
    const state = await tools.stacks.describe(run.names.stack(stage.id));
    if (state === undefined || phaseOf(state.status) !== 'busy') continue;
    demandOurs(state, tagsOf(run));
    await settle(tools, state);
  }
}
