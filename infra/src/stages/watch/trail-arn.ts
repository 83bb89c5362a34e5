// SPDX-License-Identifier: Apache-2.0
import type { DeployConfig } from '../../config/deploy.ts';
import type { Names } from '../../names.ts';

/** Of the deployment's own trail: known before it is there, since the policies of its bucket and key name it. */
export function trailArn({ partition, region, account }: DeployConfig, { trail }: Names): string {
  return `arn:${partition}:cloudtrail:${region}:${account}:trail/${trail}`;
}
