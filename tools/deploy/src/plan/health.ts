// SPDX-License-Identifier: Apache-2.0
import { DeployError } from '../errors.ts';
import type { Fleet, Target } from '../ports.ts';
import type { Run } from './run.ts';

/** How far the instances of the newest version are. */
export interface Health {
  readonly healthy: number;
  readonly wanted: number;
  /** Instances of another version that still serve or begin to. */
  readonly old: number;
}

/**
 * Instances of the group's present launch template that the load balancer calls healthy: the parent says so of itself only
 * while an enclave of its own has attested and decrypts.
 */
export function healthOf({ desired, instances, templateVersion }: Fleet, targets: readonly Target[]): Health {
  const healthy = new Set(targets.filter(({ state }) => state === 'healthy').map(({ id }) => id));
  const alive = instances.filter(({ lifecycle }) => !lifecycle.startsWith('Terminat'));
  const current = alive.filter((instance) => instance.templateVersion === templateVersion);
  return {
    healthy: current.filter(({ id, lifecycle }) => lifecycle === 'InService' && healthy.has(id)).length,
    wanted: desired,
    old: alive.length - current.length,
  };
}

/**
 * Waits until every instance is of the newest version, and healthy.
 * @throws {DeployError} `unhealthy` when the time is up; `interrupted`
 */
export async function awaitHealthy(
  { cloud, clock, console, limits }: Run,
  place: { readonly group: string; readonly targetGroup: string },
): Promise<void> {
  const deadline = clock.now() + limits.health;
  let said = '';
  for (;;) {
    const fleet = await cloud.machines.fleet(place.group);
    const targets = await cloud.machines.targets(place.targetGroup);
    const health = healthOf(fleet, targets);
    const { healthy, wanted, old } = health;
    const line = `instances: ${healthy} of ${wanted} healthy with an attested enclave${old > 0 ? `, ${old} of the old version` : ''}`;
    if (line !== said) console.say(line);
    said = line;
    // A group of none proves nothing about an image.
    if (wanted > 0 && healthy >= wanted && old === 0) return;
    if (clock.now() >= deadline) {
      throw new DeployError(
        'unhealthy',
        `after ${Math.round(limits.health / 60_000)} minutes ${healthy} of ${wanted} instances are healthy`,
        targets.map(({ id, state, reason }) => `${id} ${state}${reason === undefined ? '' : ` ${reason}`}`),
      );
    }
    await clock.sleep(limits.poll);
  }
}
