// SPDX-License-Identifier: Apache-2.0
import { flag, integer, listOf, type Setting, text } from '@enclave-vault/settings';

export const NETWORK_SETTINGS = [
  {
    path: 'network.cidr',
    env: 'ENCLAVE_VAULT_DEPLOY_NETWORK_CIDR',
    doc: 'Addresses of the VPC.',
    read: text('an IPv4 block from /16 to /22', /(\d{1,3}\.){3}0\/(1[6-9]|2[0-2])/),
    default: '10.64.0.0/20',
  },
  {
    path: 'network.prefixLists.s3',
    env: 'ENCLAVE_VAULT_DEPLOY_NETWORK_PREFIX_LISTS_S3',
    doc: 'Managed prefix list of S3 in the Region, for security groups (`aws ec2 describe-managed-prefix-lists`).',
    read: text('the id of a prefix list', /pl-[0-9a-f]{8,17}/),
  },
  {
    path: 'network.prefixLists.dynamodb',
    env: 'ENCLAVE_VAULT_DEPLOY_NETWORK_PREFIX_LISTS_DYNAMODB',
    doc: 'Managed prefix list of DynamoDB in the Region.',
    read: text('the id of a prefix list', /pl-[0-9a-f]{8,17}/),
  },
  {
    path: 'network.fips',
    env: 'ENCLAVE_VAULT_DEPLOY_NETWORK_FIPS',
    doc: 'Call KMS at its FIPS endpoint.',
    read: flag(),
    default: false,
  },
  {
    path: 'network.sessionManager',
    env: 'ENCLAVE_VAULT_DEPLOY_NETWORK_SESSION_MANAGER',
    doc: 'Endpoints and rights for sessions of Systems Manager on the instances, for debugging.',
    read: flag(),
    default: false,
  },
  {
    path: 'network.logDays',
    env: 'ENCLAVE_VAULT_DEPLOY_NETWORK_LOG_DAYS',
    doc: 'How long flow logs and DNS query logs are kept.',
    read: integer(1, 3653, 'days'),
    default: 365,
  },
  {
    path: 'network.clientCidrs',
    env: 'ENCLAVE_VAULT_DEPLOY_NETWORK_CLIENT_CIDRS',
    doc: 'Addresses, beside the VPC’s own, from which a private API is called: peered networks, a VPN.',
    read: listOf(text('an IPv4 block', /(\d{1,3}\.){3}\d{1,3}\/\d{1,2}/), 0, 20),
    default: [],
  },
] as const satisfies readonly Setting[];
