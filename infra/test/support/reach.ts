// SPDX-License-Identifier: Apache-2.0
import type { Template } from '../../src/index.ts';
import { idOf, ofType } from './network.ts';

interface GroupRule {
  readonly IpProtocol: string;
  readonly FromPort?: number;
  readonly ToPort?: number;
  readonly CidrIp?: string;
  readonly SourceSecurityGroupId?: unknown;
  readonly DestinationSecurityGroupId?: unknown;
  readonly DestinationPrefixListId?: string;
}

/** No packet has this destination: the loopback network never leaves a machine. */
const NOWHERE = '127.0.0.1/32';

const groupName = (value: unknown): string => idOf(value).replace(/Group$/, '');

/**
 * Every connection that security groups of a template let happen, as `from -> to protocol port`. Between two groups both
 * must say so: what only one of them has a rule for is no connection, and is thrown, since a rule without its other half
 * is a mistake.
 */
export function flows(template: Template): readonly string[] {
  const leaving: string[] = [];
  const arriving: string[] = [];
  for (const [id, { Properties = {} }] of Object.entries(ofType(template, 'AWS::EC2::SecurityGroup'))) {
    if (Properties.SecurityGroupIngress !== undefined) throw new TypeError(`${id} has rules inline`);
    for (const rule of Properties.SecurityGroupEgress as readonly GroupRule[]) {
      if (rule.CidrIp === NOWHERE) continue;
      const target =
        rule.DestinationPrefixListId ?? rule.CidrIp ?? groupName(rule.DestinationSecurityGroupId);
      leaving.push(`${id.replace(/Group$/, '')} -> ${target} ${ports(rule)}`);
    }
  }
  for (const { Properties = {} } of Object.values(ofType(template, 'AWS::EC2::SecurityGroupIngress'))) {
    const rule = Properties as unknown as GroupRule;
    const source = rule.CidrIp ?? groupName(rule.SourceSecurityGroupId);
    arriving.push(`${source} -> ${groupName(Properties.GroupId)} ${ports(rule)}`);
  }
  const isOutside = (end: string): boolean => end.startsWith('pl-') || end.includes('/');
  const [from, to] = [(flow: string) => flow.split(' ')[0] ?? '', (flow: string) => flow.split(' ')[2] ?? ''];
  const half = [
    ...leaving.filter((flow) => !isOutside(to(flow)) && !arriving.includes(flow)),
    ...arriving.filter((flow) => !isOutside(from(flow)) && !leaving.includes(flow)),
  ];
  if (half.length > 0) throw new TypeError(`only one end lets it happen: ${half.join(', ')}`);
  return [...new Set([...leaving, ...arriving])].sort();
}

function ports({ IpProtocol, FromPort, ToPort }: GroupRule): string {
  return `${IpProtocol} ${FromPort === ToPort ? FromPort : `${FromPort}-${ToPort}`}`;
}
