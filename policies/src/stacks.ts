// SPDX-License-Identifier: Apache-2.0
import { arnIn } from './arns.ts';
import type { Home } from './types.ts';

/**
 * The stacks of a deployment, by the last part of their names. There is no other, so who may work on them is told each
 * by name: a stack keeps the role that it was made with, and whoever may update one works as that role (CloudFormation
 * User Guide, "CloudFormation service role"). A pattern NAME-* would reach stacks of others, and with them their roles.
 */
export const STACKS = [
  'controllers',
  'identities',
  'base',
  'network',
  'artifacts',
  'keys',
  'keys-replica',
  'data',
  'decryption',
  'api',
  'canary',
  'evidence',
  'watch',
  'signing',
  'pipeline',
] as const;

export type StackId = (typeof STACKS)[number];

/** ARNs of stacks, in any Region. Behind the name comes an id that CloudFormation gives. */
export function stackArns(home: Home, ids: readonly StackId[] = STACKS): readonly string[] {
  return ids.map((id) => arnIn(home, 'cloudformation', `stack/${home.name}-${id}/*`, '*'));
}
