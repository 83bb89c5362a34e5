// SPDX-License-Identifier: Apache-2.0
import type { WatchEvent } from './event.ts';

/** Ways in and out: names, network, API. */
export const SURROUNDINGS_EVENTS: readonly WatchEvent[] = [
  {
    id: 'names',
    what: 'The DNS firewall, its lists or the log of queries were changed',
    region: 'home',
    deployment: true,
    why: 'What the network may look up is a generated list; a name more is a way out for data.',
    todo: 'Compare the lists with the template. An unexplained name: look for queries of it in the log.',
    calls: () => [
      {
        source: 'route53resolver.amazonaws.com',
        names: [
          'AssociateFirewallRuleGroup',
          'CreateFirewallRule',
          'DeleteFirewall*',
          'DeleteResolverQueryLogConfig',
          'DisassociateFirewallRuleGroup',
          'DisassociateResolverQueryLogConfig',
          'ImportFirewallDomains',
          'UpdateFirewall*',
        ],
        // Their ids are the network's own business; any firewall of this account and Region is meant.
        where: [{}],
      },
    ],
  },
  {
    id: 'network',
    what: 'A way into or out of the network, or the policy of an endpoint, was changed',
    region: 'home',
    deployment: true,
    why: 'The VPC has no way to the internet, and endpoints through which data reach nobody else’s account.',
    todo: 'Compare the VPC with the template. Take away what is not in it, and read the flow logs since.',
    calls: ({ vpcId, securityGroups }) => [
      {
        source: 'ec2.amazonaws.com',
        names: ['AuthorizeSecurityGroup*', 'ModifySecurityGroupRules', 'RevokeSecurityGroup*'],
        where: [
          { 'requestParameters.groupId': securityGroups },
          { 'requestParameters.ModifySecurityGroupRulesRequest.GroupId': securityGroups },
        ],
      },
      {
        source: 'ec2.amazonaws.com',
        names: ['AttachInternetGateway', 'AttachVpnGateway', 'ModifyVpcAttribute', 'CreateFlowLogs'],
        where: [{ 'requestParameters.vpcId': [vpcId] }],
      },
      {
        source: 'ec2.amazonaws.com',
        // Records of these name route tables, endpoints and gateways, in shapes that AWS does not document: of any VPC.
        names: [
          'AcceptVpcPeeringConnection',
          'CreateNatGateway',
          'CreateRoute',
          'CreateTransitGatewayVpcAttachment',
          'CreateVpcEndpoint',
          'CreateVpcPeeringConnection',
          'DeleteFlowLogs',
          'DeleteVpcEndpoints',
          'ModifyVpcEndpoint',
          'ReplaceNetworkAcl*',
          'ReplaceRoute*',
        ],
        where: [{}],
      },
    ],
  },
  {
    id: 'api',
    what: 'The API, its policy, its authorizers or its stage were changed',
    region: 'home',
    deployment: true,
    why: 'The gateway says who calls: a method without its authorizer, or a policy that lets everybody in, makes callers up.',
    todo: 'Outside of a deployment: put it back by hand, which a deployment does not do for the API, and read the access log since.',
    calls: ({ restApi }) => [
      {
        source: 'apigateway.amazonaws.com',
        where: [{ 'requestParameters.restApiId': [restApi] }],
      },
    ],
  },
];
