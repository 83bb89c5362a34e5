// SPDX-License-Identifier: Apache-2.0
import { AwsError } from '../errors.ts';
import { textAt } from '../json.ts';
import type { Draft, Handler, Subject } from './handler.ts';
import {
  changed,
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
 * Schemas AWS::Route53Resolver::FirewallDomainList, FirewallRuleGroup(Association), ResolverQueryLoggingConfig(Association);
 * Route 53 Developer Guide, "Resolver query logging" (rights on CloudWatch Logs) and "DNS Firewall VPC associations"
 * (mutation protection). The schema of the logging configuration names its actions `resolverquerylogging:…`, a service
 * that IAM does not know; here they are the API's.
 */

const resolver = (kind: string, prefix: string, named: string) => (draft: Draft) => {
  const id = `${prefix}-${draft.world.fresh(17)}`;
  const arn = regional('route53resolver', () => `${kind}/${id}`)(draft, id);
  return { id, arn, attributes: { Id: id, Arn: arn, Name: nameOf(draft, named) } };
};

const tag = tagging('route53resolver:TagResource');
const retag = retagging('route53resolver:TagResource', 'route53resolver:UntagResource');
const listTags = row('route53resolver:ListTagsForResource');

const DOMAIN_LIST: Handler = {
  type: 'AWS::Route53Resolver::FirewallDomainList',
  createOnly: ['Name'],
  create: [
    row('route53resolver:CreateFirewallDomainList', 'self', { context: withTags }),
    tag,
    row('route53resolver:UpdateFirewallDomains'),
  ],
  read: [
    ...rows('self', ['route53resolver:GetFirewallDomainList', 'route53resolver:ListFirewallDomains']),
    listTags,
  ],
  update: [row('route53resolver:UpdateFirewallDomains', 'self', { when: changed('Domains') }), ...retag],
  remove: rows('self', ['route53resolver:DeleteFirewallDomainList', 'route53resolver:UntagResource']),
  identify: resolver('firewall-domain-list', 'rslvr-fdl', 'Name'),
  removable: ({ world, region, id }) => {
    const group = world
      .all('AWS::Route53Resolver::FirewallRuleGroup', region)
      .find(({ properties }) => JSON.stringify(properties.FirewallRules ?? []).includes(`"${id}"`));
    if (group !== undefined)
      throw new AwsError('ConflictException', `The domain list ${id} is in use by ${group.id}.`);
  },
};

const ruleActions = ['CreateFirewallRule', 'DeleteFirewallRule', 'UpdateFirewallRule'];

const RULE_GROUP: Handler = {
  type: 'AWS::Route53Resolver::FirewallRuleGroup',
  createOnly: ['Name'],
  create: [
    row('route53resolver:CreateFirewallRuleGroup', 'self', { context: withTags }),
    tag,
    row('route53resolver:CreateFirewallRule'),
  ],
  read: [
    ...rows('self', ['route53resolver:GetFirewallRuleGroup', 'route53resolver:ListFirewallRules']),
    listTags,
  ],
  update: [
    ...rows(
      'self',
      ruleActions.map((name) => `route53resolver:${name}`),
      { when: changed('FirewallRules') },
    ),
    ...retag,
  ],
  remove: [
    ...rows('self', [
      'route53resolver:GetFirewallRuleGroup',
      'route53resolver:ListFirewallRules',
      'route53resolver:DeleteFirewallRule',
      'route53resolver:DeleteFirewallRuleGroup',
      'route53resolver:UntagResource',
    ]),
    listTags,
  ],
  identify: resolver('firewall-rule-group', 'rslvr-frg', 'Name'),
  removable: ({ world, region, id }) => {
    const association = world
      .all('AWS::Route53Resolver::FirewallRuleGroupAssociation', region)
      .find(({ properties }) => properties.FirewallRuleGroupId === id);
    if (association === undefined) return;
    throw new AwsError(
      'ConflictException',
      `The rule group ${id} is associated with ${association.properties.VpcId}.`,
    );
  },
};

const RULE_GROUP_ASSOCIATION: Handler = {
  type: 'AWS::Route53Resolver::FirewallRuleGroupAssociation',
  createOnly: ['FirewallRuleGroupId', 'VpcId'],
  create: [
    row('route53resolver:AssociateFirewallRuleGroup', 'self', { context: withTags }),
    row('route53resolver:AssociateFirewallRuleGroup', group),
    tag,
    row('ec2:DescribeVpcs', '*'),
  ],
  read: [row('route53resolver:GetFirewallRuleGroupAssociation'), listTags],
  update: [
    row('route53resolver:UpdateFirewallRuleGroupAssociation', 'self', {
      when: changed('Priority', 'Name', 'MutationProtection'),
    }),
    ...retag,
  ],
  remove: [
    ...rows('self', [
      'route53resolver:DisassociateFirewallRuleGroup',
      'route53resolver:GetFirewallRuleGroupAssociation',
      'route53resolver:UntagResource',
    ]),
    listTags,
  ],
  identify: resolver('firewall-rule-group-association', 'rslvr-frgassoc', 'Name'),
  check: ({ properties }) => {
    const priority = Number(properties.Priority);
    if (priority > 100 && priority < 9900) return;
    throw new AwsError(
      'ValidationException',
      `Priority ${properties.Priority} must be greater than 100 and less than 9900.`,
    );
  },
  removable: ({ properties, id }) => {
    if (properties.MutationProtection !== 'ENABLED') return;
    throw new AwsError('ConflictException', `The association ${id} has mutation protection enabled.`);
  },
};

function group({ world, region, properties }: Subject): string {
  const id = textAt(properties, 'FirewallRuleGroupId');
  return `arn:${world.partition}:route53resolver:${region}:${world.account}:firewall-rule-group/${id}`;
}

/** Older than the registry: no handlers are published. A VPC has one such setting from the start, which is changed. */
const FIREWALL_CONFIG: Handler = {
  type: 'AWS::Route53Resolver::FirewallConfig',
  createOnly: ['ResourceId', 'FirewallFailOpen'],
  create: [row('route53resolver:UpdateFirewallConfig', '*'), row('ec2:DescribeVpcs', '*')],
  read: [row('route53resolver:GetFirewallConfig', '*')],
  update: [],
  remove: [row('route53resolver:UpdateFirewallConfig', '*')],
  identify: resolver('firewall-config', 'rslvr-fc', 'ResourceId'),
};

const QUERY_LOG: Handler = {
  type: 'AWS::Route53Resolver::ResolverQueryLoggingConfig',
  createOnly: ['Name', 'DestinationArn'],
  create: [
    row('route53resolver:CreateResolverQueryLogConfig', 'self', { context: withTags }),
    tag,
    ...rows('*', [
      'logs:CreateLogDelivery',
      'logs:DescribeLogGroups',
      'logs:DescribeResourcePolicies',
      'logs:GetLogDelivery',
      'logs:ListLogDeliveries',
      'logs:PutResourcePolicy',
      'logs:UpdateLogDelivery',
    ]),
    serviceLinkedRole('route53resolver.amazonaws.com'),
  ],
  read: [row('route53resolver:GetResolverQueryLogConfig')],
  update: retag,
  remove: [
    row('route53resolver:DeleteResolverQueryLogConfig'),
    row('route53resolver:ListResolverQueryLogConfigs', '*'),
    ...rows('*', ['logs:DeleteLogDelivery', 'logs:ListLogDeliveries']),
  ],
  identify: resolver('resolver-query-log-config', 'rqlc', 'Name'),
  apply: ({ world }) => {
    world.serviceLinkedRoles.add('route53resolver.amazonaws.com');
    return undefined;
  },
  removable: ({ world, region, id }) => {
    const used = world
      .all('AWS::Route53Resolver::ResolverQueryLoggingConfigAssociation', region)
      .some(({ properties }) => properties.ResolverQueryLogConfigId === id);
    if (used)
      throw new AwsError('InvalidRequestException', `The configuration ${id} is associated with a VPC.`);
  },
};

function queryLog({ world, region, properties }: Subject): string {
  const id = textAt(properties, 'ResolverQueryLogConfigId');
  return `arn:${world.partition}:route53resolver:${region}:${world.account}:resolver-query-log-config/${id}`;
}

const QUERY_LOG_ASSOCIATION: Handler = {
  type: 'AWS::Route53Resolver::ResolverQueryLoggingConfigAssociation',
  createOnly: ['ResolverQueryLogConfigId', 'ResourceId'],
  create: [row('route53resolver:AssociateResolverQueryLogConfig', queryLog), row('ec2:DescribeVpcs', '*')],
  read: [row('route53resolver:GetResolverQueryLogConfigAssociation', '*')],
  update: [],
  remove: [
    row('route53resolver:DisassociateResolverQueryLogConfig', queryLog),
    ...rows('*', [
      'route53resolver:GetResolverQueryLogConfigAssociation',
      'route53resolver:ListResolverQueryLogConfigAssociations',
    ]),
  ],
  identify: resolver('resolver-query-log-config-association', 'rqlca', 'ResourceId'),
};

export const DNS_HANDLERS: readonly Handler[] = [
  DOMAIN_LIST,
  RULE_GROUP,
  RULE_GROUP_ASSOCIATION,
  FIREWALL_CONFIG,
  QUERY_LOG,
  QUERY_LOG_ASSOCIATION,
];
