// SPDX-License-Identifier: Apache-2.0
import { namesOf } from '@enclave-vault/infra';
import type { Measurements } from '@enclave-vault/policies';
import { readLive } from '../plan/keys.ts';
import { readDeployConfig } from './config.ts';
import type { World } from './world.ts';

/**
 * What the keys of all Regions admit now, from the deployed templates: for whoever is to approve another image.
 * It needs no right but to read those templates, and changes nothing.
 * @returns null where nobody decrypts
 * @throws {DeployError}
 */
export async function liveSet(world: World, configPath: string): Promise<Measurements | null> {
  const config = readDeployConfig(configPath, world.env);
  const { clock, console, limits } = world;
  const run = { cloud: world.cloud(config), clock, console, limits, config, names: namesOf(config) };
  // Who deploys or deletes is told of a stuck stack elsewhere, and what to do; approvers would read that nobody is admitted.
  return await readLive(run, ['busy', 'stuck']);
}
