// SPDX-License-Identifier: Apache-2.0
import { DECRYPTION, KEYS, PIPELINE, type Stage, stagesOf } from '@enclave-vault/infra';
import { DeployError, UsageError } from '../errors.ts';
import { keyPlaces } from './regions.ts';
import { type DeployRun, Known, type Phase } from './run.ts';
import { settleAll } from './settle-all.ts';
import { type Act, stepOf } from './steps.ts';

/** Keys and instances go together: an image that the keys do not admit does not serve, and the keys alone are no rollout. */
const TOGETHER: ReadonlySet<string> = new Set([KEYS.id, DECRYPTION.id]);

/** Stages after which a phase has nothing more to do. */
const LAST: Readonly<Partial<Record<Phase, string>>> = { widen: KEYS.id, narrow: DECRYPTION.id };

/**
 * Brings an account to what the configuration and the release say, stage by stage. Every input is read from the account or
 * made of what was, so that a run that was broken off is resumed by the next, and one that changes nothing changes nothing.
 * @param only this stage alone, of a vault that is deployed
 * @returns what is known of the deployment
 * @throws {DeployError} @throws {UsageError}
 */
export async function deploy(run: DeployRun, only?: string): Promise<Known> {
  demandStage(run, only);
  const stages = stagesOf(run.config);
  const known = new Known();
  const { region } = run.config;
  const [, ...replicas] = keyPlaces(run.config);
  // Before anything is read of any of them: a run that was broken off left its stack at work.
  const read = stages.filter((stage) => actOf(run, stage, only) !== null);
  await settleAll(run, [...read.map((stage) => ({ stage, region })), ...replicas]);
  for (const [index, stage] of stages.entries()) {
    const act = actOf(run, stage, only);
    if (act === null) continue;
    if (act === 'deploy') run.console.say(`[${index + 1}/${stages.length}] ${stage.title}`);
    // Since then another deployer may have begun.
    if (act === 'deploy') await settleAll(run, [{ stage, region }]);
    const there = await stepOf(stage)({ run, known, act }, stage);
    if (stage.id === only || (run.phase !== undefined && stage.id === LAST[run.phase])) break;
    if (!there) {
      const name = run.names.stack(stage.id);
      throw new DeployError(
        'stack_missing',
        `${name} is not deployed, and ${only ?? `the phase ${run.phase}`} comes after it`,
      );
    }
  }
  return known;
}

/** That `--only` names a stage which can be deployed alone. @throws {UsageError} */
export function demandStage({ config }: Pick<DeployRun, 'config'>, only: string | undefined): void {
  if (only === undefined) return;
  const ids = stagesOf(config)
    .map(({ id }) => id)
    .filter((id) => !TOGETHER.has(id));
  if (TOGETHER.has(only)) {
    throw new UsageError(`${only} is deployed in a rollout, with all stages: leave --only out`);
  }
  if (!ids.includes(only)) throw new UsageError(`--only takes one of ${ids.join(', ')}`);
}

/** @returns null for a stage that is left out altogether */
function actOf({ phase }: DeployRun, { id }: Stage, only: string | undefined): Act | null {
  if (only !== undefined) return id === only ? 'deploy' : 'learn';
  if (phase === undefined) return 'deploy';
  // What approves a release is not changed by one: people deploy the pipeline.
  if (id === PIPELINE.id) return null;
  return phase !== 'narrow' || TOGETHER.has(id) ? 'deploy' : 'learn';
}

/** Shows what a deployment would change, as far as that can be known before it begins, and changes nothing. */
export async function show(run: DeployRun): Promise<Known> {
  const known = new Known();
  for (const stage of stagesOf(run.config)) await stepOf(stage)({ run, known, act: 'show' }, stage);
  return known;
}
