// SPDX-License-Identifier: Apache-2.0
import { arnIn } from '../arns.ts';
import { allow } from '../identities.ts';
import type { Home, Statement } from '../types.ts';

/** Writing into log groups that are there: a group made by accident would have neither key nor retention. */
export function logs(home: Home, groups: readonly string[]): Statement {
  return allow(
    'Logs',
    ['logs:CreateLogStream', 'logs:PutLogEvents'],
    groups.map((group) => arnIn(home, 'logs', `log-group:${group}`)),
  );
}

/** Traces are on no resource. */
export function tracing(): Statement {
  return allow('Traces', ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'], '*');
}

/** Lambda makes these calls with the function's role; they are on no resource that could be named beforehand. */
export function networkInterface(): Statement {
  return allow(
    'NetworkInterface',
    [
      'ec2:AssignPrivateIpAddresses',
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:UnassignPrivateIpAddresses',
    ],
    '*',
  );
}

export function deny(
  sid: string,
  actions: string | readonly string[],
  resources: string | readonly string[],
  condition?: Statement['Condition'],
): Statement {
  const statement = { Sid: sid, Effect: 'Deny', Action: actions, Resource: resources } as const;
  return condition === undefined ? statement : { ...statement, Condition: condition };
}
