// SPDX-License-Identifier: Apache-2.0

import type { Run } from '../plan/run.ts';
import type { Caller } from '../ports.ts';
import type { Problem } from './check.ts';

/**
 * Whose credentials these are. Roles that `deployers` does not list are refused at the start: the perimeters of bucket and
 * keys let in no other from outside the VPC, so they would fail half-way.
 */
export async function callerProblems({ cloud, config }: Run): Promise<readonly Problem[]> {
  const caller = await cloud.account.caller();
  const [, partition] = caller.arn.split(':');
  if (caller.account !== config.account || partition !== config.partition) {
    const message = `the credentials are of account ${caller.account} (${partition}); deploy.json is for ${config.account} (${config.partition})`;
    return [{ code: 'account_other', message }];
  }
  const role = assumedRole(caller);
  // A role's name is unique in its account whatever its path, and the session's ARN has no path.
  const allowed = config.deployers.map(roleName);
  if (role !== undefined && allowed.includes(role)) return [];
  const message = `${caller.arn} is none of \`deployers\``;
  return [{ code: 'deployer_unlisted', message }];
}

/** Name of the role behind a session: `arn:aws:sts::111122223333:assumed-role/NAME/SESSION`. */
export function assumedRole({ arn }: Caller): string | undefined {
  return /^arn:[a-z-]+:sts::\d{12}:assumed-role\/([^/]+)\/[^/]+$/.exec(arn)?.[1];
}

function roleName(arn: string): string {
  return arn.split('/').at(-1) ?? '';
}
