// SPDX-License-Identifier: Apache-2.0
import { checkHome } from '../check.ts';
import { PolicyInputError } from '../errors.ts';
import { allow } from '../identities.ts';
import type { ConditionBlock, Home, Statement } from '../types.ts';

/** A Lambda function of the deployment, by what its role is given. */
export interface FunctionResources {
  /** Name of the function. */
  readonly name: string;
  /** Name of its log group, which is there: no function makes one. */
  readonly logGroup: string;
  readonly tracing: boolean;
  /** Whether it has network interfaces in the VPC. */
  readonly inVpc: boolean;
}

/** Calls that Lambda makes with a function's role when it attaches the function to a VPC. */
const INTERFACE_CHANGES = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:UnassignPrivateIpAddresses',
] as const;
/** These know no resource. */
const INTERFACE_READS = ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets'] as const;

/** ARN of a function. @throws {PolicyInputError} `invalid_deployment` */
export function functionArn({ partition, region, account }: Home, name: string): string {
  return `arn:${partition}:lambda:${region}:${account}:function:${checkName(name)}`;
}

/**
 * True of what this function's code calls, and of what Lambda writes to its log and traces for it (Lambda Developer
 * Guide, "Using source function ARN to control function access behavior"). So the role is of no use to another function
 * that somebody hands it to, one with unsigned code among them. Versions and aliases are the same function.
 */
export function byFunction(home: Home, name: string): ConditionBlock {
  const arn = functionArn(home, name);
  return { ArnLike: { 'lambda:SourceFunctionArn': [arn, `${arn}:*`] } };
}

/** Log, traces and network interfaces of a function. @throws {PolicyInputError} `invalid_deployment` */
export function functionStatements(home: Home, resources: FunctionResources): Statement[] {
  checkHome(home);
  const { partition, region, account } = home;
  const { name, logGroup, tracing, inVpc } = resources;
  const itself = byFunction(home, name);
  const statements = [logStatement('Log', home, logGroup, itself)];
  if (tracing) {
    // Without a condition: Lambda asks for this right when the function is made, and does not say in whose name. A forged
    // segment is the worst that comes of it.
    statements.push(allow('Traces', ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'], '*'));
  }
  if (inVpc) {
    statements.push(
      // Lambda's own calls, which have no source function. "Either specify a unique resource ID, or include all": the
      // ids are not known before (Lambda Developer Guide, "Giving Lambda functions access to resources in a VPC").
      allow('NetworkInterface', INTERFACE_CHANGES, `arn:${partition}:ec2:${region}:${account}:*/*`),
      allow('NetworkInterfaceReading', INTERFACE_READS, '*'),
      {
        Sid: 'DenyNetworkInterfaceToCode',
        Effect: 'Deny',
        Action: [...INTERFACE_CHANGES, ...INTERFACE_READS],
        Resource: '*',
        Condition: itself,
      },
    );
  }
  return statements;
}

/** To write into a log group that is there. */
export function logStatement(
  sid: string,
  { partition, region, account }: Home,
  group: string,
  condition?: ConditionBlock,
): Statement {
  return allow(
    sid,
    ['logs:CreateLogStream', 'logs:PutLogEvents'],
    `arn:${partition}:logs:${region}:${account}:log-group:${checkName(group)}:*`,
    condition,
  );
}

/** A statement that holds under further conditions. */
export function under(statement: Statement, more: ConditionBlock): Statement {
  return { ...statement, Condition: { ...statement.Condition, ...more } };
}

/** Names go into ARNs: nothing in them may mean more than itself. */
function checkName(name: string): string {
  if (!/^[A-Za-z0-9_./#-]{1,512}$/.test(name)) throw new PolicyInputError('invalid_deployment', 'a name');
  return name;
}
