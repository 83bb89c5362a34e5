// SPDX-License-Identifier: Apache-2.0
import {
  CANARY,
  CONTROLLERS,
  IDENTITIES,
  InfraError,
  NETWORK,
  type Stage,
  synthesize,
  type Template,
  WATCH,
} from '@enclave-vault/infra';
import type { Measurements } from '@enclave-vault/policies';
import { unprotected } from '../destroy/unprotected.ts';
import {
  type Applied,
  applyStack,
  demandOurs,
  OWNER_TAG,
  request,
  type WantedStack,
} from '../stack/apply.ts';
import { changeLine, propose } from '../stack/change-set.ts';
import { proposeDrift, putBack } from '../stack/put-back.ts';
import { removeStack } from '../stack/remove.ts';
import { phaseOf } from '../stack/statuses.ts';
import { type DeployRun, type Known, type Run, toolsIn } from './run.ts';
import { templateSource } from './template.ts';

/** Made under the caller's own rights; all others by CloudFormation as the deployment role. */
const BY_CALLER: ReadonlySet<string> = new Set([CONTROLLERS.id, IDENTITIES.id]);

/**
 * Beside the kept stages: what a deployment puts back where it was changed beside CloudFormation. Not the stages that the
 * caller makes, whose roles take rights that an everyday deployment lacks; not decryption, whose group changes its size; not
 * the API, for which CloudFormation takes the Ref of an API resource for its API's in such a change set, and finds changes
 * where there are none (aws-cloudformation/cloudformation-coverage-roadmap, issue 2505).
 */
const PUT_BACK: ReadonlySet<string> = new Set([NETWORK.id, CANARY.id, WATCH.id]);

function putsBack({ id, kept }: Stage): boolean {
  return !BY_CALLER.has(id) && (kept === true || PUT_BACK.has(id));
}

/** A stage in a Region: the deployment's own, or one that keys and table are replicated to. */
export interface Placed {
  readonly stage: Stage;
  readonly region: string;
}

/** Role that CloudFormation works as for a stage. */
export function roleOf({ names }: Run, stage: string): string | undefined {
  return BY_CALLER.has(stage) ? undefined : names.roles.deployment;
}

/** Tags of a stack, which CloudFormation passes on to every resource that takes any. */
export function tagsOf({ config }: Run): Readonly<Record<string, string>> {
  return { ...config.tags, [OWNER_TAG]: config.name };
}

/**
 * Makes a stage's template of what is known, has CloudFormation apply it, and takes its outputs.
 * @param measurements what the keys are to admit, where that is not what is known
 */
export async function deployStage(
  run: DeployRun,
  known: Known,
  { stage, region }: Placed,
  measurements: Measurements | null = known.measurements,
): Promise<Applied> {
  const { config, outputs, release } = { ...known, config: run.config };
  const template = JSON.stringify(synthesize(stage, { config, outputs, measurements, release }));
  const bare = unprotected(template);
  // Protected from its first moment, what failed halfway could not be taken away again: ROLLBACK_FAILED, and no way on.
  const first = bare !== template && (await isNew(run, { stage, region }));
  if (first) await applyTemplate(run, known, { stage, region }, bare);
  const after = await applyTemplate(run, known, { stage, region }, template);
  const back =
    !first &&
    after !== 'created' &&
    putsBack(stage) &&
    (await restore(run, known, { stage, region }, template));
  const applied = first ? 'created' : back ? 'updated' : after;
  if (applied !== 'unchanged' && BY_CALLER.has(stage.id)) await run.clock.sleep(run.limits.iamSettles);
  run.console.say(
    `${run.names.stack(stage.id)}${region === config.region ? '' : ` in ${region}`}: ${applied}`,
  );
  return applied;
}

async function restore(run: Run, known: Known, { stage, region }: Placed, text: string): Promise<boolean> {
  return putBack(toolsIn(run, region), await wantedStack(run, known, stage, text));
}

/** Whether there is no stack yet of which anything would stay. */
async function isNew(run: Run, { stage, region }: Placed): Promise<boolean> {
  const state = await run.cloud.stacks(region).describe(run.names.stack(stage.id));
  return state === undefined || ['empty', 'dead'].includes(phaseOf(state.status));
}

/** Has a text applied as the template of a stage: a new one, or an earlier one that is to be again. */
export async function applyTemplate(run: Run, known: Known, placed: Placed, text: string): Promise<Applied> {
  const wanted = await wantedStack(run, known, placed.stage, text);
  const applied = await applyStack(toolsIn(run, placed.region), wanted);
  await takeOutputs(run, known, placed);
  return applied;
}

/** Reads the outputs of a deployed stage. @returns whether there is such a stack */
export async function takeOutputs(run: Run, known: Known, { stage, region }: Placed): Promise<boolean> {
  const state = await run.cloud.stacks(region).describe(run.names.stack(stage.id));
  if (state === undefined || phaseOf(state.status) !== 'ready') return false;
  demandOurs(state, tagsOf(run));
  // Stages are made of outputs of the deployment's own Region; those of replicas follow from them.
  if (region === run.config.region) known.take(stage, state.outputs);
  return true;
}

export async function wantedStack(run: Run, known: Known, stage: Stage, text: string): Promise<WantedStack> {
  const role = roleOf(run, stage.id);
  const resources = Object.values((JSON.parse(text) as Template).Resources);
  return {
    stack: run.names.stack(stage.id),
    template: await templateSource(run, known, stage.id, text),
    ...(role === undefined ? {} : { role }),
    tags: tagsOf(run),
    namedIam: resources.some(({ Type }) => Type.startsWith('AWS::IAM::')),
    leavesLogs: resources.some(
      ({ Type, DeletionPolicy }) => Type === 'AWS::Logs::LogGroup' && DeletionPolicy === 'Retain',
    ),
    kept: stage.kept === true,
  };
}

/**
 * Shows what deploying a stage would change, and leaves nothing behind.
 * @returns false where the stage cannot be made of what is known yet
 */
export async function showStage(
  run: DeployRun,
  known: Known,
  { stage, region }: Placed,
  measurements: Measurements | null = known.measurements,
): Promise<boolean> {
  const { console, config, names, clock } = run;
  const name = names.stack(stage.id);
  const { outputs, release } = known;
  let text: string;
  try {
    text = JSON.stringify(synthesize(stage, { config, outputs, measurements, release }));
  } catch (error) {
    if (!(error instanceof InfraError) || error.code !== 'output_missing') throw error;
    console.say(`${name}: to be made; what it needs of earlier stages is not there yet`);
    return false;
  }
  const tools = toolsIn(run, region);
  const state = await tools.stacks.describe(name);
  if (state !== undefined) demandOurs(state, tagsOf(run));
  const fresh = state === undefined || phaseOf(state.status) !== 'ready';
  if (state !== undefined && fresh && phaseOf(state.status) !== 'empty') {
    console.say(`${name}: is ${state.status}; a deployment would see to that first`);
    return false;
  }
  const wanted = await wantedStack(run, known, stage, text);
  const proposal = await propose(tools, request(wanted, fresh ? 'CREATE' : 'UPDATE', clock.now()));
  if (proposal === null) await showDrift(run, wanted, { stage, region });
  else {
    console.say(`${name}: ${proposal.changes.length} ${fresh ? 'resources to be made' : 'changes'}`);
    for (const change of proposal.changes) console.say(`  ${changeLine(change)}`);
    await tools.stacks.withdraw(proposal.id);
  }
  // A change set for a stack that is not there has made an empty one. It goes in silence: nobody asked for a deletion.
  const left = fresh ? await tools.stacks.describe(name) : undefined;
  if (left !== undefined)
    await removeStack({ ...tools, console: { ...console, say: () => {} } }, left, undefined);
  return takeOutputs(run, known, { stage, region });
}

/** Of a stage whose template stays as it is: what was changed beside it. */
async function showDrift(run: Run, wanted: WantedStack, { stage, region }: Placed): Promise<void> {
  const tools = toolsIn(run, region);
  const drift = putsBack(stage) ? await proposeDrift(tools, wanted) : null;
  if (drift === null) {
    run.console.say(`${wanted.stack}: no changes`);
    return;
  }
  run.console.say(
    `${wanted.stack}: changed beside CloudFormation; a deployment puts back what can be changed in place`,
  );
  for (const change of drift.changes) run.console.say(`  ${changeLine(change)}`);
  await tools.stacks.withdraw(drift.id);
}
