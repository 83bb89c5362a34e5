// SPDX-License-Identifier: Apache-2.0

import { at, isObject, listAt, textAt, textsAt } from '../json.ts';
import { free, interfaceFree } from './dependents.ts';
import type { Draft, Handler, Row, Subject } from './handler.ts';
import { changed, has, passRole, regional, retagging, row, rows, tagging, withTags } from './handler.ts';
import { checkEndpoint, checkSubnet, checkVpc } from './network-checks.ts';

/*
 * Schemas AWS::EC2::VPC, Subnet, RouteTable, SubnetRouteTableAssociation, VPCEndpoint, SecurityGroup(Ingress|Egress),
 * FlowLog, NetworkAcl…; Amazon EC2 User Guide, "Grant permission to tag Amazon EC2 resources during creation";
 * Service Authorization Reference, "Amazon EC2": which resources each operation is on.
 */

const tagged = { context: withTags };
const describe = (...names: readonly string[]): readonly Row[] =>
  rows(
    '*',
    names.map((name) => `ec2:Describe${name}`),
  );

/** ec2:CreateTags is asked with the operation that creates, on the new resource. */
const tags = (operation: string): Row => tagging('ec2:CreateTags', 'self', { 'ec2:CreateAction': operation });
const retag = retagging('ec2:CreateTags', 'ec2:DeleteTags');

const of =
  (kind: string, path: string) =>
  ({ world, region, properties }: Subject): readonly string[] => {
    const value = at(properties, path);
    const ids = Array.isArray(value) ? value : [value];
    return ids
      .filter((id) => typeof id === 'string')
      .map((id) => `arn:${world.partition}:ec2:${region}:${world.account}:${kind}/${id}`);
  };

const identified =
  (kind: string, prefix: string, attributes?: (draft: Draft, id: string) => Record<string, string>) =>
  (draft: Draft) => {
    const id = `${prefix}-${draft.world.fresh(17)}`;
    const arn = regional('ec2', () => `${kind}/${id}`)(draft, id);
    return { id, arn, attributes: { Id: id, ...attributes?.(draft, id) } };
  };

const VPC: Handler = {
  type: 'AWS::EC2::VPC',
  createOnly: ['CidrBlock', 'Ipv4IpamPoolId', 'Ipv4NetmaskLength'],
  create: [
    row('ec2:CreateVpc', 'self', tagged),
    tags('CreateVpc'),
    row('ec2:ModifyVpcAttribute', 'self', {
      when: (subject) => has('EnableDnsSupport')(subject) || has('EnableDnsHostnames')(subject),
    }),
  ],
  read: [...describe('Vpcs', 'SecurityGroups', 'NetworkAcls'), row('ec2:DescribeVpcAttribute')],
  update: [
    row('ec2:ModifyVpcAttribute', 'self', { when: changed('EnableDnsSupport', 'EnableDnsHostnames') }),
    row('ec2:ModifyVpcTenancy', 'self', { when: changed('InstanceTenancy') }),
    ...retag,
  ],
  remove: [row('ec2:DeleteVpc'), ...describe('Vpcs')],
  identify: identified('vpc', 'vpc', ({ world, properties }, id) => ({
    VpcId: id,
    CidrBlock: textAt(properties, 'CidrBlock') ?? '',
    DefaultSecurityGroup: `sg-${world.fresh(17)}`,
    DefaultNetworkAcl: `acl-${world.fresh(17)}`,
  })),
  check: checkVpc,
  removable: free,
};

const SUBNET: Handler = {
  type: 'AWS::EC2::Subnet',
  createOnly: ['VpcId', 'AvailabilityZone', 'AvailabilityZoneId', 'CidrBlock', 'OutpostArn'],
  create: [
    row('ec2:CreateSubnet', 'self', tagged),
    row('ec2:CreateSubnet', of('vpc', 'VpcId')),
    tags('CreateSubnet'),
    row('ec2:ModifySubnetAttribute', 'self', {
      when: (subject) => has('MapPublicIpOnLaunch')(subject) || has('PrivateDnsNameOptionsOnLaunch')(subject),
    }),
  ],
  read: describe('Subnets', 'NetworkAcls'),
  update: [row('ec2:ModifySubnetAttribute', 'self', { when: changed('MapPublicIpOnLaunch') }), ...retag],
  remove: [row('ec2:DeleteSubnet'), ...describe('Subnets')],
  identify: identified('subnet', 'subnet', ({ properties }, id) => ({
    SubnetId: id,
    AvailabilityZone: textAt(properties, 'AvailabilityZone') ?? '',
    CidrBlock: textAt(properties, 'CidrBlock') ?? '',
    VpcId: textAt(properties, 'VpcId') ?? '',
  })),
  check: checkSubnet,
  removable: interfaceFree,
};

const ROUTE_TABLE: Handler = {
  type: 'AWS::EC2::RouteTable',
  createOnly: ['VpcId'],
  create: [
    row('ec2:CreateRouteTable', 'self', tagged),
    row('ec2:CreateRouteTable', of('vpc', 'VpcId')),
    tags('CreateRouteTable'),
  ],
  read: describe('RouteTables'),
  update: retag,
  remove: [row('ec2:DeleteRouteTable'), ...describe('RouteTables')],
  identify: identified('route-table', 'rtb', (_, id) => ({ RouteTableId: id })),
  removable: free,
};

const ROUTE_TABLE_ASSOCIATION: Handler = {
  type: 'AWS::EC2::SubnetRouteTableAssociation',
  createOnly: ['SubnetId', 'RouteTableId'],
  create: [
    row('ec2:AssociateRouteTable', of('route-table', 'RouteTableId')),
    row('ec2:AssociateRouteTable', of('subnet', 'SubnetId')),
    ...describe('Subnets', 'RouteTables'),
  ],
  read: describe('RouteTables'),
  update: [],
  remove: [
    row('ec2:DisassociateRouteTable', of('route-table', 'RouteTableId')),
    row('ec2:DisassociateRouteTable', of('subnet', 'SubnetId')),
    ...describe('Subnets', 'RouteTables'),
  ],
  identify: identified('route-table-association', 'rtbassoc'),
};

const endpointParts = (operation: string): readonly Row[] => [
  row(operation, of('subnet', 'SubnetIds')),
  row(operation, of('security-group', 'SecurityGroupIds')),
  row(operation, of('route-table', 'RouteTableIds')),
];

/** AWS's own are `com.amazonaws.REGION.SERVICE` (`cn.com.…` in China); behind `vpce` somebody offers one of his. */
function serviceOwner(name: string): string {
  return /^(cn\.)?com\.amazonaws\.(?!vpce\.)/.test(name) ? 'amazon' : 'aws-account-id';
}

const VPC_ENDPOINT: Handler = {
  type: 'AWS::EC2::VPCEndpoint',
  createOnly: ['ServiceName', 'VpcEndpointType', 'VpcId', 'ServiceRegion'],
  create: [
    row('ec2:CreateVpcEndpoint', 'self', {
      context: (subject) => ({
        ...withTags(subject),
        'ec2:VpceServiceName': textAt(subject.properties, 'ServiceName') ?? '',
        'ec2:VpceServiceOwner': serviceOwner(textAt(subject.properties, 'ServiceName') ?? ''),
      }),
    }),
    row('ec2:CreateVpcEndpoint', of('vpc', 'VpcId')),
    ...endpointParts('ec2:CreateVpcEndpoint'),
    tags('CreateVpcEndpoint'),
  ],
  read: describe('VpcEndpoints'),
  update: [
    row('ec2:ModifyVpcEndpoint', 'self', {
      when: changed(
        'PolicyDocument',
        'PrivateDnsEnabled',
        'RouteTableIds',
        'SecurityGroupIds',
        'SubnetIds',
        'DnsOptions',
      ),
    }),
    ...endpointParts('ec2:ModifyVpcEndpoint').map((one) => ({
      ...one,
      when: changed('RouteTableIds', 'SecurityGroupIds', 'SubnetIds'),
    })),
    ...retag,
  ],
  remove: [row('ec2:DeleteVpcEndpoints'), ...describe('VpcEndpoints')],
  identify: identified('vpc-endpoint', 'vpce'),
  check: checkEndpoint,
};

const opened =
  (direction: 'Ingress' | 'Egress') =>
  (subject: Subject): boolean =>
    listAt(subject.properties, `SecurityGroup${direction}`).length > 0;

const SECURITY_GROUP: Handler = {
  type: 'AWS::EC2::SecurityGroup',
  createOnly: ['GroupDescription', 'GroupName', 'VpcId'],
  create: [
    row('ec2:CreateSecurityGroup', 'self', tagged),
    row('ec2:CreateSecurityGroup', of('vpc', 'VpcId')),
    tags('CreateSecurityGroup'),
    row('ec2:AuthorizeSecurityGroupIngress', 'self', { when: opened('Ingress') }),
    // A new group lets everything out: with egress rules of its own that one goes first.
    row('ec2:RevokeSecurityGroupEgress', 'self', { when: opened('Egress') }),
    row('ec2:AuthorizeSecurityGroupEgress', 'self', { when: opened('Egress') }),
  ],
  read: describe('SecurityGroups'),
  update: [
    ...rows('self', ['ec2:AuthorizeSecurityGroupIngress', 'ec2:RevokeSecurityGroupIngress'], {
      when: changed('SecurityGroupIngress'),
    }),
    ...rows('self', ['ec2:AuthorizeSecurityGroupEgress', 'ec2:RevokeSecurityGroupEgress'], {
      when: changed('SecurityGroupEgress'),
    }),
    ...retag,
  ],
  remove: [row('ec2:DeleteSecurityGroup'), ...describe('SecurityGroups')],
  identify: identified('security-group', 'sg', ({ properties }, id) => ({
    GroupId: id,
    VpcId: textAt(properties, 'VpcId') ?? '',
  })),
  removable: interfaceFree,
};

const rule = (direction: 'Ingress' | 'Egress'): Handler => ({
  type: `AWS::EC2::SecurityGroup${direction}`,
  createOnly: [
    'GroupId',
    'IpProtocol',
    'FromPort',
    'ToPort',
    'CidrIp',
    'CidrIpv6',
    'SourcePrefixListId',
    'SourceSecurityGroupId',
    'DestinationPrefixListId',
    'DestinationSecurityGroupId',
  ],
  create: [
    row(`ec2:AuthorizeSecurityGroup${direction}`, of('security-group', 'GroupId')),
    ...describe('SecurityGroupRules'),
  ],
  read: describe('SecurityGroups', 'SecurityGroupRules'),
  update: [row(`ec2:UpdateSecurityGroupRuleDescriptions${direction}`, of('security-group', 'GroupId'))],
  remove: [
    row(`ec2:RevokeSecurityGroup${direction}`, of('security-group', 'GroupId')),
    ...describe('SecurityGroupRules'),
  ],
  identify: identified('security-group-rule', 'sgr'),
});

const FLOW_LOG: Handler = {
  type: 'AWS::EC2::FlowLog',
  createOnly: [
    'DeliverLogsPermissionArn',
    'LogGroupName',
    'LogDestination',
    'LogDestinationType',
    'ResourceId',
    'ResourceType',
    'TrafficType',
    'LogFormat',
    'MaxAggregationInterval',
  ],
  create: [
    row('ec2:CreateFlowLogs', 'self', tagged),
    row('ec2:CreateFlowLogs', of('vpc', 'ResourceId'), {
      when: ({ properties }) => properties.ResourceType === 'VPC',
    }),
    tags('CreateFlowLogs'),
    passRole('DeliverLogsPermissionArn', 'vpc-flow-logs'),
    row('logs:CreateLogDelivery', '*', {
      when: ({ properties }) => properties.DeliverLogsPermissionArn === undefined,
    }),
  ],
  read: describe('FlowLogs'),
  update: retag,
  remove: [
    row('ec2:DeleteFlowLogs'),
    row('logs:DeleteLogDelivery', '*', {
      when: ({ properties }) => properties.DeliverLogsPermissionArn === undefined,
    }),
  ],
  identify: identified('vpc-flow-log', 'fl'),
};

const NETWORK_ACL: Handler = {
  type: 'AWS::EC2::NetworkAcl',
  createOnly: ['VpcId'],
  create: [
    row('ec2:CreateNetworkAcl', 'self', tagged),
    row('ec2:CreateNetworkAcl', of('vpc', 'VpcId')),
    tags('CreateNetworkAcl'),
  ],
  read: describe('NetworkAcls'),
  update: retag,
  remove: [row('ec2:DeleteNetworkAcl'), ...describe('NetworkAcls')],
  identify: identified('network-acl', 'acl'),
  removable: free,
};

const NETWORK_ACL_ENTRY: Handler = {
  type: 'AWS::EC2::NetworkAclEntry',
  createOnly: ['NetworkAclId', 'RuleNumber', 'Egress'],
  create: [row('ec2:CreateNetworkAclEntry', of('network-acl', 'NetworkAclId')), ...describe('NetworkAcls')],
  read: describe('NetworkAcls'),
  update: [row('ec2:ReplaceNetworkAclEntry', of('network-acl', 'NetworkAclId'))],
  remove: [row('ec2:DeleteNetworkAclEntry', of('network-acl', 'NetworkAclId'))],
  identify: identified('network-acl-entry', 'aclentry'),
};

const NETWORK_ACL_ASSOCIATION: Handler = {
  type: 'AWS::EC2::SubnetNetworkAclAssociation',
  createOnly: ['SubnetId', 'NetworkAclId'],
  create: [
    row('ec2:ReplaceNetworkAclAssociation', of('network-acl', 'NetworkAclId')),
    row('ec2:ReplaceNetworkAclAssociation', of('subnet', 'SubnetId')),
    ...describe('NetworkAcls'),
  ],
  read: describe('NetworkAcls'),
  update: [],
  remove: [row('ec2:ReplaceNetworkAclAssociation', of('subnet', 'SubnetId')), ...describe('NetworkAcls')],
  identify: identified('network-acl-association', 'aclassoc'),
};

export const EC2_HANDLERS: readonly Handler[] = [
  VPC,
  SUBNET,
  ROUTE_TABLE,
  ROUTE_TABLE_ASSOCIATION,
  VPC_ENDPOINT,
  SECURITY_GROUP,
  rule('Ingress'),
  rule('Egress'),
  FLOW_LOG,
  NETWORK_ACL,
  NETWORK_ACL_ENTRY,
  NETWORK_ACL_ASSOCIATION,
];

/** Ids of security groups and subnets that a resource has interfaces in. */
export function interfacesOf(
  properties: Subject['properties'],
  path: string,
): { subnets: readonly string[]; groups: readonly string[] } {
  const inner = at(properties, path);
  return {
    subnets: isObject(inner) ? textsAt(inner, 'SubnetIds') : [],
    groups: isObject(inner) ? textsAt(inner, 'SecurityGroupIds') : [],
  };
}
