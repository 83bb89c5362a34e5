// SPDX-License-Identifier: Apache-2.0
import { AwsError } from '../errors.ts';
import { listAt, textAt, textsAt } from '../json.ts';
import type { Draft, Handler, Row, Subject } from './handler.ts';
import {
  changed,
  has,
  nameOf,
  regional,
  retagging,
  row,
  rows,
  serviceLinkedRole,
  tagging,
  withTags,
} from './handler.ts';

/*
 * Schema AWS::ElasticLoadBalancingV2::TargetGroup; LoadBalancer and Listener list no handlers in the copy that was read:
 * theirs follow the API Reference of Elastic Load Balancing and its "Grant permission to tag resources during creation".
 */

const service = 'elasticloadbalancing';
const tag = (operation: string): Row =>
  tagging(`${service}:AddTags`, 'self', { 'elasticloadbalancing:CreateAction': operation });
const retag = retagging(`${service}:AddTags`, `${service}:RemoveTags`);
const describe = (...names: readonly string[]): readonly Row[] =>
  rows(
    '*',
    names.map((name) => `${service}:Describe${name}`),
  );

const LOAD_BALANCER: Handler = {
  type: 'AWS::ElasticLoadBalancingV2::LoadBalancer',
  named: 'Name',
  taken: {
    code: 'DuplicateLoadBalancerName',
    message: (name) => `A load balancer with the name '${name}' already exists`,
  },
  createOnly: ['Name', 'Scheme', 'Type'],
  create: [
    row(`${service}:CreateLoadBalancer`, 'self', { context: withTags }),
    tag('CreateLoadBalancer'),
    row(`${service}:ModifyLoadBalancerAttributes`, 'self', { when: has('LoadBalancerAttributes') }),
    serviceLinkedRole('elasticloadbalancing.amazonaws.com'),
  ],
  read: describe('LoadBalancers', 'LoadBalancerAttributes', 'Tags'),
  update: [
    row(`${service}:ModifyLoadBalancerAttributes`, 'self', { when: changed('LoadBalancerAttributes') }),
    row(`${service}:SetSecurityGroups`, 'self', { when: changed('SecurityGroups') }),
    row(`${service}:SetSubnets`, 'self', { when: changed('Subnets', 'SubnetMappings') }),
    row(`${service}:SetIpAddressType`, 'self', { when: changed('IpAddressType') }),
    ...retag,
    ...describe('LoadBalancers'),
  ],
  remove: [row(`${service}:DeleteLoadBalancer`), ...describe('LoadBalancers')],
  identify: (draft) => {
    const name = nameOf(draft, 'Name').slice(0, 32);
    const kind = textAt(draft.properties, 'Type') === 'network' ? 'net' : 'app';
    const full = `${kind}/${name}/${draft.world.fresh(16)}`;
    const arn = regional(service, () => `loadbalancer/${full}`)(draft, full);
    const { world, region } = draft;
    return {
      id: arn,
      arn,
      attributes: {
        LoadBalancerArn: arn,
        LoadBalancerName: name,
        LoadBalancerFullName: full,
        DNSName: `${name}-${full.slice(-16)}.elb.${region}.${world.suffix}`,
        CanonicalHostedZoneID: `Z${world.fresh(13, 'base36upper')}`,
      },
    };
  },
  check: ({ world, region, properties }) => {
    for (const id of textsAt(properties, 'Subnets')) {
      if (world.find('AWS::EC2::Subnet', region, id) === undefined) {
        throw new AwsError('SubnetNotFound', `The subnet ID '${id}' does not exist`);
      }
    }
  },
  apply: ({ world }) => {
    world.serviceLinkedRoles.add('elasticloadbalancing.amazonaws.com');
    return undefined;
  },
  removable: ({ arn, properties }) => {
    if (
      attribute(
        properties.LoadBalancerAttributes === undefined ? [] : listAt(properties, 'LoadBalancerAttributes'),
        'deletion_protection.enabled',
      ) !== 'true'
    )
      return;
    throw new AwsError(
      'OperationNotPermitted',
      `Load balancer '${arn}' cannot be deleted because deletion protection is enabled`,
    );
  },
};

function attribute(list: ReturnType<typeof listAt>, key: string): string | undefined {
  return textAt(
    list.find((one) => textAt(one, 'Key') === key),
    'Value',
  );
}

const TARGET_GROUP: Handler = {
  type: 'AWS::ElasticLoadBalancingV2::TargetGroup',
  named: 'Name',
  taken: {
    code: 'DuplicateTargetGroupName',
    message: (name) => `A target group with the name '${name}' already exists`,
  },
  createOnly: ['Name', 'Port', 'Protocol', 'ProtocolVersion', 'TargetType', 'VpcId', 'IpAddressType'],
  create: [
    row(`${service}:CreateTargetGroup`, 'self', { context: withTags }),
    tag('CreateTargetGroup'),
    row(`${service}:ModifyTargetGroupAttributes`, 'self', { when: has('TargetGroupAttributes') }),
    row(`${service}:RegisterTargets`, 'self', { when: has('Targets') }),
    row('ec2:DescribeVpcs', '*'),
  ],
  read: describe('TargetGroups', 'TargetGroupAttributes', 'TargetHealth', 'Tags'),
  update: [
    row(`${service}:ModifyTargetGroup`, 'self', {
      when: changed(
        'HealthCheckPath',
        'HealthCheckPort',
        'HealthCheckProtocol',
        'HealthCheckIntervalSeconds',
        'HealthCheckTimeoutSeconds',
        'HealthyThresholdCount',
        'UnhealthyThresholdCount',
        'Matcher',
      ),
    }),
    row(`${service}:ModifyTargetGroupAttributes`, 'self', { when: changed('TargetGroupAttributes') }),
    ...retag,
    ...describe('TargetGroups', 'TargetHealth'),
  ],
  remove: [row(`${service}:DeleteTargetGroup`), ...describe('TargetGroups')],
  identify: (draft) => {
    const name = nameOf(draft, 'Name').slice(0, 32);
    const full = `targetgroup/${name}/${draft.world.fresh(16)}`;
    const arn = regional(service, () => full)(draft, full);
    return {
      id: arn,
      arn,
      attributes: { TargetGroupArn: arn, TargetGroupName: name, TargetGroupFullName: full },
    };
  },
  removable: ({ world, arn }) => {
    const listener = world
      .all('AWS::ElasticLoadBalancingV2::Listener')
      .find(({ properties }) =>
        listAt(properties, 'DefaultActions').some((action) => textAt(action, 'TargetGroupArn') === arn),
      );
    if (listener !== undefined)
      throw new AwsError(
        'ResourceInUse',
        `Target group '${arn}' is currently in use by a listener or a rule`,
      );
  },
};

const balancer = ({ properties }: Subject): string => textAt(properties, 'LoadBalancerArn') ?? '';

const LISTENER: Handler = {
  type: 'AWS::ElasticLoadBalancingV2::Listener',
  createOnly: ['LoadBalancerArn'],
  create: [
    row(`${service}:CreateListener`, balancer, { context: withTags }),
    tag('CreateListener'),
    row(`${service}:ModifyListenerAttributes`, 'self', { when: has('ListenerAttributes') }),
  ],
  read: describe('Listeners', 'ListenerAttributes', 'Tags'),
  update: [
    row(`${service}:ModifyListener`, 'self', {
      when: changed('Port', 'Protocol', 'DefaultActions', 'SslPolicy', 'Certificates'),
    }),
    row(`${service}:ModifyListenerAttributes`, 'self', { when: changed('ListenerAttributes') }),
    ...describe('Listeners'),
  ],
  remove: [row(`${service}:DeleteListener`), ...describe('Listeners')],
  identify: (draft: Draft) => {
    const arn = `${(textAt(draft.properties, 'LoadBalancerArn') ?? '').replace(':loadbalancer/', ':listener/')}/${draft.world.fresh(16)}`;
    return { id: arn, arn, attributes: { ListenerArn: arn } };
  },
  check: (subject) => {
    if (subject.world.byArn(balancer(subject)) === undefined) {
      throw new AwsError(
        'LoadBalancerNotFound',
        `One or more load balancers not found: ${balancer(subject)}`,
      );
    }
  },
};

export const ELB_HANDLERS: readonly Handler[] = [LOAD_BALANCER, TARGET_GROUP, LISTENER];
