// SPDX-License-Identifier: Apache-2.0
import type { DeployConfig } from './config/deploy.ts';
import type { Stage } from './stage.ts';
import { API } from './stages/api.ts';
import { ARTIFACTS } from './stages/artifacts.ts';
import { BASE } from './stages/base.ts';
import { CANARY } from './stages/canary.ts';
import { CONTROLLERS } from './stages/controllers.ts';
import { DATA } from './stages/data.ts';
import { DECRYPTION } from './stages/decryption.ts';
import { EVIDENCE } from './stages/evidence.ts';
import { IDENTITIES } from './stages/identities.ts';
import { KEYS } from './stages/keys.ts';
import { NETWORK } from './stages/network.ts';
import { PIPELINE } from './stages/pipeline.ts';
import { SIGNING } from './stages/signing.ts';
import { WATCH } from './stages/watch.ts';

/**
 * The stacks of a deployment, in the order in which they are made. The first two are made under the caller's own
 * rights, all others by CloudFormation as the deployment role.
 */
export const STAGES: readonly Stage[] = [
  CONTROLLERS,
  IDENTITIES,
  BASE,
  NETWORK,
  ARTIFACTS,
  KEYS,
  DATA,
  DECRYPTION,
  API,
  CANARY,
  EVIDENCE,
  WATCH,
  SIGNING,
  PIPELINE,
];

/** The stages that a configuration has. */
export function stagesOf(config: DeployConfig): readonly Stage[] {
  return STAGES.filter(({ when }) => when === undefined || when(config));
}
