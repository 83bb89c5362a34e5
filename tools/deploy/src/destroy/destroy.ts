// SPDX-License-Identifier: Apache-2.0
import { EVIDENCE, KEYS, keysReplicaStage, NETWORK, STAGES, type Stage } from '@enclave-vault/infra';
import { DeployError } from '../errors.ts';
import { readLive } from '../plan/keys.ts';
import { keyPlaces } from '../plan/regions.ts';
import { Known, type Run, toolsIn } from '../plan/run.ts';
import { type Placed, roleOf, tagsOf, takeOutputs, wantedStack } from '../plan/stage.ts';
import type { StackState } from '../ports.ts';
import { applyStack, demandOurs } from '../stack/apply.ts';
import { removeStack, settle } from '../stack/remove.ts';
import { phaseOf } from '../stack/statuses.ts';
import { bucketsOf, keysIn, retainedIn } from './deployed.ts';
import { type KeptStack, type Receipt, receiptOf, whyKept } from './receipt.ts';
import { shut } from './shut.ts';
import { unprotected } from './unprotected.ts';

export interface DestroyRun extends Run {
  /** Records and keys go as well. */
  readonly deleteData: boolean;
}

/**
 * Takes a vault away, last stage first: keys are shut before anything else, protections lifted stack by stack, the bucket
 * emptied. What is gone is passed over, so that a run that was broken off is resumed by the next.
 * @throws {DeployError}
 */
export async function destroy(run: DestroyRun): Promise<Receipt> {
  const places = await present(run);
  const known = new Known();
  for (const { stage, region } of places) {
    if (region === run.config.region) await takeOutputs(run, known, { stage, region }).catch(forgiven);
  }
  await shut(run, known);
  const deleted: { stack: string; region: string }[] = [];
  const kept: KeptStack[] = [];
  const left: string[] = [];
  for (const placed of places) {
    const state = await run.cloud.stacks(placed.region).describe(run.names.stack(placed.stage.id));
    if (state === undefined) continue;
    if (phaseOf(state.status) !== 'empty' && isKept(run, placed.stage, kept)) {
      kept.push(await describeKept(run, placed, state));
    } else {
      left.push(...(await takeAway(run, known, placed, state)));
      deleted.push({ stack: state.name, region: placed.region });
    }
  }
  const keysAreShut = (await readLive(run).catch(() => undefined)) === null;
  return receiptOf(run, { deleted, kept, left, keysAreShut });
}

/** An earlier version's outputs need not be what this one expects: what they are needed for is then left out. */
function forgiven(): boolean {
  return false;
}

/** Stacks that are there, in the order in which they go. */
async function present(run: Run): Promise<readonly Placed[]> {
  const { config, cloud, names } = run;
  const own = STAGES.map((stage): Placed => ({ stage, region: config.region }));
  const at = own.findIndex(({ stage }) => stage.id === KEYS.id) + 1;
  const replicas = config.replicaRegions.map(
    (region): Placed => ({ stage: keysReplicaStage(region), region }),
  );
  const all = [...own.slice(0, at), ...replicas, ...own.slice(at)].reverse();
  const found: Placed[] = [];
  for (const placed of all) {
    const state = await cloud.stacks(placed.region).describe(names.stack(placed.stage.id));
    if (state === undefined) continue;
    demandOurs(state, tagsOf(run));
    if (phaseOf(state.status) === 'stuck') {
      throw new DeployError('stack_stuck', `${state.name} is ${state.status}`);
    }
    found.push(placed);
  }
  return found;
}

/**
 * The trail's bucket takes no deletion, of this one neither: it stays, and with it the roles without which nobody could ever change
 * that.
 */
function isKept({ deleteData }: DestroyRun, { id, kept }: Stage, already: readonly KeptStack[]): boolean {
  if (kept !== true) return false;
  if (!deleteData) return true;
  return id === EVIDENCE.id || (id === 'controllers' && already.length > 0);
}

async function describeKept(run: Run, { stage, region }: Placed, state: StackState): Promise<KeptStack> {
  const template = await run.cloud.stacks(region).template(state.name);
  run.console.say(`${state.name} stays: ${whyKept(stage.id)}`);
  return { stack: state.name, region, why: whyKept(stage.id), holds: state.outputs, keys: keysIn(template) };
}

/** @returns what the stack leaves behind, a line each */
async function takeAway(run: DestroyRun, known: Known, placed: Placed, state: StackState): Promise<string[]> {
  const { stage, region } = placed;
  const { cloud, config, console } = run;
  const stacks = cloud.stacks(region);
  const tools = toolsIn(run, region);
  console.say(`${state.name}: deleting`);
  // A change set that was never executed: there is no template, and nothing in it.
  if (phaseOf(state.status) === 'empty') {
    await removeStack(tools, state, undefined);
    return [];
  }
  const { status } = await settle(tools, state);
  const all = run.deleteData && stage.kept === true;
  // By its id: a run that was broken off may have seen its deletion begin, and by its name it is gone.
  const template = await stacks.template(state.id);
  // After a deletion that failed there is no update any more; protections were lifted before it.
  if (phaseOf(status) === 'ready') {
    const wanted = await wantedStack(run, known, stage, unprotected(template, { all }));
    // Not as a kept stack: its protection would come back, and it is to lose what is in it.
    await applyStack(tools, { ...wanted, kept: false });
  }
  await emptyBuckets(run, template);
  if (state.terminationProtection) await stacks.protect(state.name, false);
  await removeStack(tools, state, roleOf(run, stage.id), async (reasons) => {
    console.say(`${state.name}: not yet: ${reasons[0] ?? ''}`);
    const vpc = known.of(NETWORK)?.VpcId;
    if (vpc === undefined || region !== config.region) return;
    for (const line of await cloud.network.interfaces(vpc)) console.say(`  still there: ${line}`);
  });
  return all ? [] : retainedIn(template);
}

async function emptyBuckets({ cloud, console }: Run, template: string): Promise<void> {
  for (const { name, locked } of bucketsOf(template)) {
    const deleted = await cloud.objects.empty(name, locked, (count) =>
      console.say(`  ${name}: ${count} versions deleted`),
    );
    if (deleted > 0) console.say(`  ${name} is empty`);
  }
}

/** Whether a vault of this name is there at all. */
export async function isThere(run: Run): Promise<boolean> {
  for (const { stage, region } of [
    ...STAGES.map((one) => ({ stage: one, region: run.config.region })),
    ...keyPlaces(run.config),
  ]) {
    if ((await run.cloud.stacks(region).describe(run.names.stack(stage.id))) !== undefined) return true;
  }
  return false;
}
