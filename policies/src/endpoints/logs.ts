// SPDX-License-Identifier: Apache-2.0
import { checkHome } from '../check.ts';
import type { Home, PolicyDocument } from '../types.ts';
import { checkName, endpointDocument, ofRoles, pass } from './common.ts';

const WRITES = ['logs:CreateLogStream', 'logs:PutLogEvents'] as const;

/**
 * Policy of the CloudWatch Logs endpoint: the API writes audit heads, the agent on the instances the parent's log. Logs of
 * the functions do not pass here: Lambda sends them itself.
 * @param groups names of the log groups
 * @throws {PolicyInputError}
 */
export function logsEndpointPolicy(
  home: Home,
  groups: { readonly auditHeads: string; readonly parent: string },
): PolicyDocument {
  checkHome(home);
  const { partition, region, account, roles } = home;
  // Streams lie below their group: `log-group:NAME:log-stream:…`.
  const group = (name: string): string[] => {
    const arn = `arn:${partition}:logs:${region}:${account}:log-group:${checkName(name, 'the log group')}`;
    return [arn, `${arn}:*`];
  };
  return endpointDocument([
    pass('AllowAuditHeads', WRITES, group(groups.auditHeads), ofRoles(home, [roles.api])),
    pass('AllowParentLog', WRITES, group(groups.parent), ofRoles(home, [roles.instance])),
  ]);
}
