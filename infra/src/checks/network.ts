// SPDX-License-Identifier: Apache-2.0
import { at, type Check, isObject, many, onTypes } from './check.ts';

const openRange = (value: unknown): boolean => typeof value === 'string' && /\/0$/.test(value);

const groups: Check = {
  id: 'security-group',
  refuses: 'Rules from or to all addresses; groups that say nothing of what leaves.',
  because: 'CloudFormation gives a group without egress rules one that lets everything out.',
  *find(subject) {
    const types = [
      'AWS::EC2::SecurityGroup',
      'AWS::EC2::SecurityGroupIngress',
      'AWS::EC2::SecurityGroupEgress',
    ];
    yield* onTypes(types, function* judge(properties, { type }) {
      if (type === 'AWS::EC2::SecurityGroup' && many(properties.SecurityGroupEgress).length === 0) {
        yield 'no rule for what leaves: everything may';
      }
      const rules = [
        properties,
        ...many(properties.SecurityGroupIngress),
        ...many(properties.SecurityGroupEgress),
      ];
      for (const rule of rules) {
        for (const range of [at(rule, 'CidrIp'), at(rule, 'CidrIpv6')]) {
          if (openRange(range)) yield `a rule for ${String(range)}`;
        }
      }
    })(subject);
  },
};

const addresses: Check = {
  id: 'public-address',
  refuses:
    'Subnets and instances with public addresses, routes to all addresses, load balancers that face the internet.',
  because: 'The network has no way in or out but its endpoints.',
  *find(subject) {
    yield* onTypes(['AWS::EC2::Subnet'], function* judge(properties) {
      if (properties.MapPublicIpOnLaunch !== false) yield 'gives public addresses';
      if (properties.AssignIpv6AddressOnCreation === true) yield 'gives IPv6 addresses';
    })(subject);
    yield* onTypes(['AWS::EC2::Route'], function* judge(properties) {
      if (openRange(properties.DestinationCidrBlock) || openRange(properties.DestinationIpv6CidrBlock)) {
        yield 'leads everywhere';
      }
    })(subject);
    yield* onTypes(['AWS::ElasticLoadBalancingV2::LoadBalancer'], function* judge({ Scheme }) {
      if (Scheme !== 'internal') yield 'faces the internet';
    })(subject);
  },
};

const instances: Check = {
  id: 'instance',
  refuses:
    'Launch templates with IMDSv1 or more than one hop, public addresses, volumes that are not encrypted, a key to log in with, or no enclaves.',
  because:
    'A container or a forged request on an instance would reach its credentials (EC2 User Guide, "Use IMDSv2").',
  find: onTypes(['AWS::EC2::LaunchTemplate'], function* judge({ LaunchTemplateData: data }) {
    if (at(data, 'MetadataOptions', 'HttpTokens') !== 'required') yield 'IMDSv1';
    if (at(data, 'MetadataOptions', 'HttpPutResponseHopLimit') !== 1) yield 'metadata more than one hop away';
    if (at(data, 'EnclaveOptions', 'Enabled') !== true) yield 'no enclaves';
    if (at(data, 'KeyName') !== undefined) yield 'a key to log in with';
    const interfaces = many(at(data, 'NetworkInterfaces'));
    if (interfaces.length === 0) yield 'the subnet decides on public addresses';
    for (const one of interfaces) {
      if (at(one, 'AssociatePublicIpAddress') !== false) yield 'a public address';
    }
    const volumes = many(at(data, 'BlockDeviceMappings'));
    if (volumes.length === 0) yield 'the image decides on encryption';
    for (const volume of volumes) {
      if (at(volume, 'Ebs', 'Encrypted') !== true)
        yield `${String(at(volume, 'DeviceName'))} is not encrypted`;
    }
  }),
};

const endpoints: Check = {
  id: 'endpoint',
  refuses: 'Endpoints and private APIs without a policy of their own.',
  because:
    'The default policy of an endpoint is full access: a way out with stolen credentials of any account.',
  *find(subject) {
    yield* onTypes(['AWS::EC2::VPCEndpoint'], function* judge({ PolicyDocument }) {
      if (!isObject(PolicyDocument)) yield 'the default policy: full access';
    })(subject);
    yield* onTypes(['AWS::ApiGateway::RestApi'], function* judge(properties) {
      const isPrivate = many(at(properties, 'EndpointConfiguration', 'Types')).includes('PRIVATE');
      if (isPrivate && !isObject(properties.Policy)) yield 'private, and without a policy';
    })(subject);
  },
};

export const NETWORK_CHECKS: readonly Check[] = [groups, addresses, instances, endpoints];
