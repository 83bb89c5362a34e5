// SPDX-License-Identifier: Apache-2.0
import type { Home } from './types.ts';

/*
 * ARN patterns of what a deployment owns, before it is there. Everything is called NAME-…; log groups lie under /NAME/, roles
 * and policies under the path /NAME/.
 */

/** Resources of the deployment's account. @param region the deployment's own unless given; `*` for any */
export function arnIn(home: Home, service: string, resource: string, region = home.region): string {
  return `arn:${home.partition}:${service}:${region}:${home.account}:${resource}`;
}

/** The deployment's Region and those it is replicated to. */
export function regionsOf({ region, replicaRegions = [] }: Home): readonly string[] {
  return [region, ...replicaRegions];
}

/** IAM knows no Region. */
export function iamArn(home: Home, resource: string): string {
  return arnIn(home, 'iam', resource, '');
}

/**
 * Buckets: their names are the world's, so their ARNs have neither account nor Region, and their names have both.
 * @param which one kind of them, or all
 */
export function bucketArns(
  { partition, account, region, name }: Home,
  which: 'artifacts' | 'pipeline' | '*',
): readonly [bucket: string, objects: string] {
  const bucket = `arn:${partition}:s3:::${name}-${which}-${account}-${region}`;
  return [bucket, `${bucket}/*`];
}

/** Name of a service as kms:ViaService has it. @param region `*` for any */
export function viaService({ partition }: Home, service: string, region: string): string {
  return `${service}.${region}.amazonaws.com${partition === 'aws-cn' ? '.cn' : ''}`;
}
