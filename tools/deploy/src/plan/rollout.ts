// SPDX-License-Identifier: Apache-2.0
import { DECRYPTION, type Stage } from '@enclave-vault/infra';
import type { Measurements } from '@enclave-vault/policies';
import { DeployError, type DeployErrorCode } from '../errors.ts';
import { sameMeasurements, without } from '../keys/measurements.ts';
import { phaseOf, type StackPhase } from '../stack/statuses.ts';
import { awaitHealthy } from './health.ts';
import type { DeployRun, Known, Rollout } from './run.ts';
import { applyTemplate, deployStage } from './stage.ts';

type Deployed = string | null | undefined;
type Keys = (measurements: Measurements | null) => Promise<unknown>;

/** Failures of the release itself. After any other (Ctrl-C, credentials, a time-out of ours) the next run goes on instead. */
const OF_THE_RELEASE: ReadonlySet<DeployErrorCode> = new Set([
  'change_set_failed',
  'stack_failed',
  'unhealthy',
]);

/**
 * Replaces the instances while the keys admit both images, and then shuts out the old one. When the new one does not come to serve, the
 * old one is put back and the new one shut out. At no time is an image shut out that runs.
 * @param keys has the keys of all Regions admit a set
 * @throws {DeployError} the failure, with what was done about it
 */
export async function rollOut(
  run: DeployRun,
  known: Known,
  stage: Stage,
  { live, wanted }: Rollout,
  keys: Keys,
): Promise<void> {
  const before = await deployedTemplate(run, stage);
  try {
    await deployStage(run, known, { stage, region: run.config.region });
    await awaitHealthy(run, placeOf(known));
  } catch (error) {
    if (!(error instanceof DeployError) || !OF_THE_RELEASE.has(error.code)) throw error;
    run.console.say(`${run.names.stack(stage.id)}: ${error.message}`);
    const replaced = error.code === 'unhealthy';
    const done = await goBack(run, known, stage, { before, replaced }, { live, wanted }, keys);
    throw new DeployError(error.code, error.message, [...error.details, ...done]);
  }
  // A pipeline's next phase does: by then the rest of the release is deployed, and the smoke test has passed.
  if (run.phase !== 'deploy') await keys(wanted);
}

function placeOf(known: Known): { readonly group: string; readonly targetGroup: string } {
  const outputs = known.of(DECRYPTION);
  if (outputs === undefined) throw new DeployError('service_failed', 'the instances are not deployed');
  return { group: outputs.AutoScalingGroup, targetGroup: outputs.TargetGroupArn };
}

const NOTHING_IN_IT: ReadonlySet<StackPhase> = new Set(['empty', 'dead']);

/** @returns null where there is nothing yet; undefined where there is something, and it cannot be told what */
async function deployedTemplate({ cloud, config, names }: DeployRun, stage: Stage): Promise<Deployed> {
  const stacks = cloud.stacks(config.region);
  const name = names.stack(stage.id);
  const state = await stacks.describe(name);
  if (state === undefined || NOTHING_IN_IT.has(phaseOf(state.status))) return null;
  return phaseOf(state.status) === 'ready' ? stacks.template(name) : undefined;
}

/**
 * @param replaced the stack was changed and did not come to serve; otherwise CloudFormation changed nothing, or took it back
 * @returns what was done, a line each
 */
async function goBack(
  run: DeployRun,
  known: Known,
  stage: Stage,
  { before, replaced }: { readonly before: Deployed; readonly replaced: boolean },
  { live, wanted }: Rollout,
  keys: Keys,
): Promise<string[]> {
  const now = await deployedTemplate(run, stage);
  if (before === null) {
    // The first one here: nothing else runs that needs a key. An earlier phase, or run, may have admitted it already.
    const others = sameMeasurements(live, wanted) ? null : live;
    await keys(others);
    return [`the keys admit ${others === null ? 'nobody again' : 'what they admitted before'}`];
  }
  if (typeof before !== 'string' || typeof now !== 'string') {
    return ['the instances could not be put back: the keys go on admitting both images'];
  }
  // Deployed by an earlier run that was interrupted: there is no other release to put back, and this one may be what serves.
  if (replaced && now === before) {
    await keys(live);
    return ['this release was deployed before: the keys admit what they admitted'];
  }
  const done: string[] = [];
  if (now === before) done.push('the instances are of the release that ran before');
  else {
    run.console.say('putting back the release that ran before');
    await applyTemplate(run, known, { stage, region: run.config.region }, before);
    done.push('the release that ran before was put back');
    try {
      await awaitHealthy(run, placeOf(known));
    } catch (error) {
      if (!(error instanceof DeployError) || error.code !== 'unhealthy') throw error;
      done.push('it is not healthy yet either');
    }
  }
  await keys(without(live, wanted));
  done.push('the keys admit it alone');
  return done;
}
