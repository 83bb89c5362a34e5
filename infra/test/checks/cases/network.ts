// SPDX-License-Identifier: Apache-2.0
import { type Case, on, set } from './case.ts';

export const NETWORK_CASES: readonly Case[] = [
  ...on(
    'security-group',
    'Group',
    ['everything leaves', 'everything may', set('Group', 'SecurityGroupEgress')],
    ['to the internet', '0.0.0.0/0', set('Group', 'SecurityGroupEgress.0.CidrIp', '0.0.0.0/0')],
    ['to the internet, IPv6', '::/0', set('Group', 'SecurityGroupEgress.0.CidrIpv6', '::/0')],
    ['from the internet', '0.0.0.0/0', set('Group', 'SecurityGroupIngress', [{ CidrIp: '0.0.0.0/0' }])],
  ),
  ...on('security-group', 'Ingress', [
    'a rule of its own',
    '0.0.0.0/0',
    set('Ingress', 'CidrIp', '0.0.0.0/0'),
  ]),
  ...on(
    'public-address',
    'Subnet',
    ['public addresses', 'gives public', set('Subnet', 'MapPublicIpOnLaunch', true)],
    ['the default', 'gives public', set('Subnet', 'MapPublicIpOnLaunch')],
    ['IPv6', 'IPv6', set('Subnet', 'AssignIpv6AddressOnCreation', true)],
  ),
  ...on(
    'public-address',
    'Balancer',
    ['a public balancer', 'faces the internet', set('Balancer', 'Scheme', 'internet-facing')],
    ['the default', 'faces the internet', set('Balancer', 'Scheme')],
  ),
  ...on(
    'instance',
    'Template',
    ['IMDSv1', 'IMDSv1', set('Template', 'LaunchTemplateData.MetadataOptions.HttpTokens', 'optional')],
    ['two hops', 'one hop', set('Template', 'LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit', 2)],
    ['no enclaves', 'no enclaves', set('Template', 'LaunchTemplateData.EnclaveOptions')],
    ['SSH', 'to log in', set('Template', 'LaunchTemplateData.KeyName', 'ops')],
    [
      'a public address',
      'a public address',
      set('Template', 'LaunchTemplateData.NetworkInterfaces.0.AssociatePublicIpAddress', true),
    ],
    ['no word on addresses', 'the subnet decides', set('Template', 'LaunchTemplateData.NetworkInterfaces')],
    [
      'an open volume',
      'not encrypted',
      set('Template', 'LaunchTemplateData.BlockDeviceMappings.0.Ebs.Encrypted', false),
    ],
    ['no word on volumes', 'the image decides', set('Template', 'LaunchTemplateData.BlockDeviceMappings')],
  ),
  ...on('endpoint', 'Endpoint', ['the default policy', 'full access', set('Endpoint', 'PolicyDocument')]),
  ...on('endpoint', 'Api', ['no policy', 'private, and without', set('Api', 'Policy')]),
];
