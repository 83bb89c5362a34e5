// SPDX-License-Identifier: Apache-2.0
import { KEYS } from '@enclave-vault/infra';
import type { Measurements } from '@enclave-vault/policies';
import { DeployError } from '../errors.ts';
import { liveMeasurements } from '../keys/live.ts';
import { measurementLines, sameMeasurements, widened } from '../keys/measurements.ts';
import { phaseOf, type StackPhase } from '../stack/statuses.ts';
import { keyPlaces } from './regions.ts';
import type { DeployRun, Run } from './run.ts';

/**
 * What the keys of all Regions admit now, from the templates that are deployed. Regions may differ while a rollout is
 * interrupted: what one admits may be running there, and counts.
 * @param unclear phases of a stack in which its template says nothing of its keys
 * @returns null where nobody decrypts, or there are no keys yet
 * @throws {DeployError} `live_set_unclear`, also while one of the stacks is being changed
 */
export async function readLive(
  run: Run,
  unclear: readonly StackPhase[] = ['busy'],
): Promise<Measurements | null> {
  let live: Measurements | null = null;
  for (const { stage, region } of keyPlaces(run.config)) {
    const stacks = run.cloud.stacks(region);
    const name = run.names.stack(stage.id);
    const state = await stacks.describe(name);
    if (state === undefined) continue;
    const phase = phaseOf(state.status);
    // Not "no keys": whoever took them for new would shut them.
    if (unclear.includes(phase)) {
      throw new DeployError(
        'live_set_unclear',
        `${name} is ${state.status}: what its keys admit cannot be told before that ends`,
      );
    }
    if (phase !== 'ready') continue;
    const admitted = liveMeasurements(await stacks.template(name));
    live = admitted === null ? live : widened(live, admitted);
  }
  return live;
}

/** Whether there is anything that could have been admitted: a deployed stack of keys. */
export async function hasKeys(run: Run): Promise<boolean> {
  return (await run.cloud.stacks(run.config.region).describe(run.names.stack(KEYS.id))) !== undefined;
}

/**
 * Shows which measurements come and which go, and asks.
 * @throws {DeployError} `not_approved`, `approval_missing`
 */
export async function approve(
  { console, yes }: DeployRun,
  live: Measurements | null,
  wanted: Measurements,
  version: string,
): Promise<void> {
  if (sameMeasurements(live, wanted)) return;
  console.say(`the keys are to admit release ${version}:`);
  for (const line of measurementLines(live, wanted)) console.say(`  ${line}`);
  if (live !== null) console.say('  both until every new instance is healthy, then the new one alone');
  if (yes) return;
  const answer = await console.ask('Admit it? [yes/no] ');
  if (answer === undefined) {
    throw new DeployError('approval_missing', 'nobody can be asked whether the keys may admit this image');
  }
  if (!/^y(es)?$/i.test(answer.trim())) throw new DeployError('not_approved', 'the image was not admitted');
}
