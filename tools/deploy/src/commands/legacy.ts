// SPDX-License-Identifier: Apache-2.0
import { contextOf, type LegacyKeyPolicy, legacyKeyPolicies, NETWORK, namesOf } from '@enclave-vault/infra';
import { DeployError } from '../errors.ts';
import { readLive } from '../plan/keys.ts';
import { Known, type Run } from '../plan/run.ts';
import { takeOutputs } from '../plan/stage.ts';
import { readDeployConfig } from './config.ts';
import type { World } from './world.ts';

/**
 * What the owners of `legacyKeys` put into their policies, for the images that the vault's own keys admit now. Those keys
 * are not the deployment's: it prints, and changes nothing.
 * @throws {DeployError} `stack_missing` before there is a network to name
 */
export async function legacyPolicies(world: World, configPath: string): Promise<readonly LegacyKeyPolicy[]> {
  const config = readDeployConfig(configPath, world.env);
  const { clock, console, limits } = world;
  const run: Run = { cloud: world.cloud(config), clock, console, limits, config, names: namesOf(config) };
  const known = new Known();
  if (!(await takeOutputs(run, known, { stage: NETWORK, region: config.region }))) {
    throw new DeployError('stack_missing', `${run.names.stack(NETWORK.id)} is not there`);
  }
  const measurements = await readLive(run);
  return legacyKeyPolicies(contextOf({ config, outputs: known.outputs, measurements, release: null }));
}
