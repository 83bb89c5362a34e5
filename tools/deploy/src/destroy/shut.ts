// SPDX-License-Identifier: Apache-2.0
import { KEYS } from '@enclave-vault/infra';
import { DeployError } from '../errors.ts';
import { readLive } from '../plan/keys.ts';
import { keyPlaces } from '../plan/regions.ts';
import type { Known, Run } from '../plan/run.ts';
import { settleAll } from '../plan/settle-all.ts';
import { applyTemplate } from '../plan/stage.ts';
import { phaseOf } from '../stack/statuses.ts';
import { shutTemplate } from './shut-template.ts';

/**
 * Takes every measurement out of the key policies of all Regions: from then on nobody decrypts, whatever still runs or is
 * started under a role of ours.
 */
export async function shut(run: Run, known: Known): Promise<void> {
  await settleAll(run, keyPlaces(run.config));
  if ((await readLive(run)) === null) return;
  run.console.say('shutting the keys: nobody decrypts from here on');
  for (const { stage, region } of keyPlaces(run.config)) {
    const stacks = run.cloud.stacks(region);
    const name = run.names.stack(stage.id);
    const state = await stacks.describe(name);
    if (state === undefined || phaseOf(state.status) !== 'ready') continue;
    await applyTemplate(run, known, { stage, region }, shutTemplate(await stacks.template(name)));
  }
  if ((await readLive(run)) !== null) {
    throw new DeployError('live_set_unclear', `${run.names.stack(KEYS.id)} still admits an image`);
  }
}
