// SPDX-License-Identifier: Apache-2.0
import type { DeployConfig } from '../../config/deploy.ts';
import { InfraError } from '../../errors.ts';
import type { OutputValues } from '../../outputs.ts';
import { DATA, type DataShape, type DataStage, dataStage } from '../data.ts';

/** One update of the stack of data. */
export interface DataStep {
  readonly stage: DataStage;
  /** Replica Regions whose keys (`keysReplicaStage`) must be there before this update, and need `DATA`’s key themselves. */
  readonly keysIn: readonly string[];
}

/**
 * The updates that bring the table from what is deployed to what the configuration wants, in order: the table; then each
 * new replica, alone, since CloudFormation adds one an update, and without its policy; then all policies. Run again after
 * any of them it goes on where it stood.
 * @param deployed what the stack puts out now; null when it is not there
 * @throws {InfraError} `template_refused` when a replica would go: that takes its records with it, and is done by hand
 */
export function dataSteps(
  config: Pick<DeployConfig, 'replicaRegions'>,
  deployed: OutputValues<DataShape> | null,
): readonly DataStep[] {
  const { replicaRegions } = config;
  const listed = (regions: readonly string[] = ['none']): readonly string[] =>
    regions.filter((region) => region !== 'none');
  const present = listed(deployed?.ReplicaRegions);
  const gone = present.find((region) => !replicaRegions.includes(region));
  if (gone !== undefined) {
    throw new InfraError('template_refused', `replicaRegions lacks ${gone}, where the table has a replica`);
  }
  const missing = replicaRegions.filter((region) => !present.includes(region));
  const complete = { stage: DATA, keysIn: replicaRegions };
  if (missing.length === 0) return [complete];
  const bare = new Set(listed(deployed?.BareReplicaRegions));
  const first: DataStep[] = deployed === null ? [{ stage: dataStage([]), keysIn: [] }] : [];
  const additions = missing.map((region, index): DataStep => {
    const added = missing.slice(0, index + 1);
    const replicas = [...present, ...added].map((one) => ({
      region: one,
      policy: !added.includes(one) && !bare.has(one),
    }));
    return { stage: dataStage(replicas), keysIn: [region] };
  });
  return [...first, ...additions, complete];
}
