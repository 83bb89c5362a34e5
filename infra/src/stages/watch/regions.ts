// SPDX-License-Identifier: Apache-2.0
import type { DeployConfig } from '../../config/deploy.ts';
import type { WatchEvent } from './events/event.ts';

/** Where IAM's records are made (IAM User Guide, "Logging IAM and AWS STS API calls with AWS CloudTrail"). */
const GLOBAL: Readonly<Record<string, string>> = {
  aws: 'us-east-1',
  'aws-cn': 'cn-north-1',
  'aws-us-gov': 'us-gov-west-1',
};

/** Whether EventBridge of the deployment's Region hears of it. */
export function heardAtHome({ region: where }: WatchEvent, { partition, region }: DeployConfig): boolean {
  return where !== 'global' || GLOBAL[partition] === region;
}

/** Whether it may happen where only a trail of all Regions sees it. */
export function seenElsewhere({ region: where }: WatchEvent, config: DeployConfig): boolean {
  return where === 'anywhere' || (where === 'global' && GLOBAL[config.partition] !== config.region);
}

/** Log group that a trail of all Regions writes; without one nothing of other Regions is seen. */
export function trailLogGroup({ watch }: DeployConfig, own: string): string | undefined {
  if (watch.trail === 'existing') return watch.logGroup;
  return watch.copyToLogs ? own : undefined;
}
