// SPDX-License-Identifier: Apache-2.0
import { arnIn } from '../arns.ts';
import { allow } from '../identities.ts';
import type { Home, Statement } from '../types.ts';

/*
 * The network's resources have ids that nobody knows beforehand, so they are told apart by the tag that every resource of a
 * deployment has: making one needs the tag in the request, changing one the tag on the resource (EC2 and Route 53 Resolver
 * tag as they create; Service Authorization Reference). Without Region in the ARN where the tag says whose it is.
 * Absent on purpose: internet and NAT gateways, routes, peerings, addresses. No stack opens a way out.
 */

const CREATE = [
  'ec2:CreateFlowLogs',
  'ec2:CreateLaunchTemplate',
  'ec2:CreateRouteTable',
  'ec2:CreateSecurityGroup',
  'ec2:CreateSubnet',
  'ec2:CreateVpc',
] as const;

/** An endpoint of another's service, or of his resource, would be a way out: it leads into his network. */
const CREATE_ENDPOINT = 'ec2:CreateVpcEndpoint';

/** On what is there already: a new subnet is also a change of its VPC. */
const CHANGE = [
  'ec2:AssociateRouteTable',
  'ec2:AuthorizeSecurityGroupEgress',
  'ec2:AuthorizeSecurityGroupIngress',
  'ec2:CreateLaunchTemplateVersion',
  'ec2:DeleteFlowLogs',
  'ec2:DeleteLaunchTemplate',
  'ec2:DeleteRouteTable',
  'ec2:DeleteSecurityGroup',
  'ec2:DeleteSubnet',
  'ec2:DeleteTags',
  'ec2:DeleteVpc',
  'ec2:DeleteVpcEndpoints',
  'ec2:DisassociateRouteTable',
  'ec2:ModifySubnetAttribute',
  'ec2:ModifyVpcAttribute',
  'ec2:ModifyVpcEndpoint',
  'ec2:RevokeSecurityGroupEgress',
  'ec2:RevokeSecurityGroupIngress',
  'ec2:UpdateSecurityGroupRuleDescriptionsIngress',
] as const;

/** On nothing in particular, as EC2 has it. DescribeInstanceAttribute is absent: it shows other machines' user data. */
export const NETWORK_READS = [
  'ec2:DescribeAccountAttributes',
  'ec2:DescribeAvailabilityZones',
  'ec2:DescribeFlowLogs',
  'ec2:DescribeImages',
  'ec2:DescribeInstanceTypes',
  'ec2:DescribeInstances',
  'ec2:DescribeInternetGateways',
  'ec2:DescribeLaunchTemplateVersions',
  'ec2:DescribeLaunchTemplates',
  'ec2:DescribeNetworkAcls',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeRouteTables',
  'ec2:DescribeSecurityGroupRules',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeSubnets',
  'ec2:DescribeTags',
  'ec2:DescribeVpcAttribute',
  'ec2:DescribeVpcEndpoints',
  'ec2:DescribeVpcs',
  'ec2:GetInstanceTypesFromInstanceRequirements',
  'ec2:GetSecurityGroupsForVpc',
] as const;

/** VPC, subnets, route tables, endpoints, security groups, flow logs, launch templates. */
export function networkGrants(home: Home): Statement[] {
  const ec2 = (types: readonly string[]): readonly string[] =>
    types.map((type) => arnIn(home, 'ec2', `${type}/*`, home.region));
  const asked = { StringEquals: { 'aws:RequestTag/enclave-vault': home.name } };
  const ours = { StringEquals: { 'aws:ResourceTag/enclave-vault': home.name } };
  return [
    allow('CreateTagged', CREATE, ec2(TYPES), asked),
    // Of services of AWS alone (AWS PrivateLink Guide, "Control VPC endpoints creation based on the service owner").
    allow('CreateEndpoint', CREATE_ENDPOINT, ec2(['vpc-endpoint']), {
      StringEquals: { ...asked.StringEquals, 'ec2:VpceServiceOwner': 'amazon' },
    }),
    allow('ChangeTagged', [...CREATE, CREATE_ENDPOINT, ...CHANGE], arnIn(home, 'ec2', '*'), ours),
    // A tag may be given as a resource is made, or to one that has ours already: never to take over one of others.
    allow('TagNew', 'ec2:CreateTags', ec2(TYPES), {
      StringEquals: {
        'aws:RequestTag/enclave-vault': home.name,
        'ec2:CreateAction': [...CREATE, CREATE_ENDPOINT].map((action) => action.slice('ec2:'.length)),
      },
    }),
    allow('TagOurs', 'ec2:CreateTags', ec2(TYPES), ours),
    allow('ReadNetwork', NETWORK_READS, '*'),
    // The private names of an endpoint are a hosted zone of AWS's, which CreateVpcEndpoint joins to the VPC.
    allow('PrivateNames', 'route53:AssociateVPCWithHostedZone', '*'),
  ];
}

const TYPES = [
  'launch-template',
  'route-table',
  'security-group',
  'security-group-rule',
  'subnet',
  'vpc',
  'vpc-endpoint',
  'vpc-flow-log',
] as const;

/** DNS firewall and query log. */
export function resolverGrants(home: Home): Statement[] {
  const resolver = (types: readonly string[]): readonly string[] =>
    types.map((type) => arnIn(home, 'route53resolver', `${type}/*`));
  return [
    allow(
      'CreateFirewall',
      [
        'route53resolver:AssociateFirewallRuleGroup',
        'route53resolver:CreateFirewallDomainList',
        'route53resolver:CreateFirewallRuleGroup',
        'route53resolver:CreateResolverQueryLogConfig',
      ],
      resolver(FIREWALL_TYPES),
      { StringEquals: { 'aws:RequestTag/enclave-vault': home.name } },
    ),
    allow(
      'ChangeFirewall',
      [
        'route53resolver:AssociateFirewallRuleGroup',
        'route53resolver:CreateFirewallRule',
        'route53resolver:DeleteFirewallDomainList',
        'route53resolver:DeleteFirewallRule',
        'route53resolver:DeleteFirewallRuleGroup',
        'route53resolver:DeleteResolverQueryLogConfig',
        'route53resolver:DisassociateFirewallRuleGroup',
        'route53resolver:TagResource',
        'route53resolver:UntagResource',
        'route53resolver:UpdateFirewallDomains',
        'route53resolver:UpdateFirewallRule',
        'route53resolver:UpdateFirewallRuleGroupAssociation',
      ],
      resolver(FIREWALL_TYPES),
      { StringEquals: { 'aws:ResourceTag/enclave-vault': home.name } },
    ),
    allow('TagFirewall', 'route53resolver:TagResource', resolver(FIREWALL_TYPES), {
      StringEquals: { 'aws:RequestTag/enclave-vault': home.name },
    }),
    // Of a VPC, not of a resource that has tags: fail closed, and where its queries are logged.
    allow(
      'ConfigureResolver',
      [
        'route53resolver:AssociateResolverQueryLogConfig',
        'route53resolver:DisassociateResolverQueryLogConfig',
        'route53resolver:GetFirewallConfig',
        'route53resolver:GetFirewallDomainList',
        'route53resolver:GetFirewallRuleGroup',
        'route53resolver:GetFirewallRuleGroupAssociation',
        'route53resolver:GetResolverQueryLogConfig',
        'route53resolver:GetResolverQueryLogConfigAssociation',
        'route53resolver:ListFirewallConfigs',
        'route53resolver:ListFirewallDomains',
        'route53resolver:ListFirewallRules',
        'route53resolver:ListResolverQueryLogConfigAssociations',
        'route53resolver:ListResolverQueryLogConfigs',
        'route53resolver:ListTagsForResource',
        'route53resolver:UpdateFirewallConfig',
      ],
      '*',
    ),
  ];
}

const FIREWALL_TYPES = [
  'firewall-domain-list',
  'firewall-rule-group',
  'firewall-rule-group-association',
  'resolver-query-log-config',
] as const;
