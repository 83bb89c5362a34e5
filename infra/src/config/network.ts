// SPDX-License-Identifier: Apache-2.0
import { flag, integer, listOf, oneOf, parsed, type Setting, text, Unwanted } from '@enclave-vault/settings';
import { formatBlock, isPrivate, overlap, parseBlock } from './ipv4.ts';
import { logDays } from './log-days.ts';

export const NETWORK_SETTINGS = [
  {
    path: 'network.cidr',
    env: 'ENCLAVE_VAULT_DEPLOY_NETWORK_CIDR',
    doc: 'Addresses of the VPC. Each zone has a sixteenth of it for functions and endpoints and a sixteenth for instances.',
    read: parsed('a private IPv4 block from /16 to /22', parseVpc),
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
    doc: 'Call KMS at its FIPS endpoint, and let the network know no other.',
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
    path: 'network.endpoints',
    env: 'ENCLAVE_VAULT_DEPLOY_NETWORK_ENDPOINTS',
    doc: 'Endpoints beyond those that the vault calls, for what you add beside it. Each costs by the hour and zone, and has a policy for your account alone.',
    read: listOf(oneOf('sts', 'xray'), 0, 2),
    default: [],
  },
  {
    path: 'network.logDays',
    env: 'ENCLAVE_VAULT_DEPLOY_NETWORK_LOG_DAYS',
    doc: 'How long flow logs and DNS query logs are kept.',
    read: logDays(),
    default: 365,
  },
  {
    path: 'network.blockedNames',
    env: 'ENCLAVE_VAULT_DEPLOY_NETWORK_BLOCKED_NAMES',
    doc: 'So many names that the DNS firewall blocks in five minutes set off an alarm. An instance that starts asks for a few.',
    read: integer(1, 100_000),
    default: 100,
  },
  {
    path: 'network.clientCidrs',
    env: 'ENCLAVE_VAULT_DEPLOY_NETWORK_CLIENT_CIDRS',
    doc: 'Addresses from which a private API is called: peered networks, a VPN. The routes to them are whose the peering is.',
    read: listOf(parsed('an IPv4 block from /8 to /32', parseClients), 0, 20),
    default: [],
  },
] as const satisfies readonly Setting[];

/** Letters of availability zones that have a place in the VPC: eighths of either half. */
export const ZONE_LETTERS = 'abcdefgh';

interface NetworkValues {
  readonly zones: readonly string[];
  readonly network: {
    readonly cidr: string;
    readonly clientCidrs: readonly string[];
    readonly endpoints: readonly string[];
  };
}

/** What must hold between them. */
export const NETWORK_RULES = [
  {
    settings: ['zones'],
    doc: `\`zones\` have letters from ${ZONE_LETTERS.slice(0, 1)} to ${ZONE_LETTERS.slice(-1)}`,
    broken: ({ zones }: NetworkValues): boolean =>
      zones.some((zone) => !ZONE_LETTERS.includes(zone.slice(-1))),
  },
  {
    settings: ['network.clientCidrs', 'network.cidr'],
    doc: '`network.clientCidrs` lie outside the VPC and apart from each other',
    broken: ({ network: { cidr, clientCidrs } }: NetworkValues): boolean => {
      const blocks = [cidr, ...clientCidrs].map(parseBlock);
      return blocks.some((one, index) => blocks.slice(index + 1).some((other) => overlap(one, other)));
    },
  },
  {
    settings: ['network.endpoints'],
    doc: '`network.endpoints` are different ones',
    broken: ({ network: { endpoints } }: NetworkValues): boolean =>
      new Set(endpoints).size !== endpoints.length,
  },
];

function parseVpc(given: string): string {
  const block = parseBlock(given);
  if (block.bits < 16) throw new Unwanted(`is /${block.bits}: a VPC has a block of /16 at most`);
  if (block.bits > 22) throw new Unwanted(`is /${block.bits}: too small for subnets in every zone`);
  if (!isPrivate(block)) throw new Unwanted('is not private (RFC 1918, RFC 6598)');
  return formatBlock(block);
}

function parseClients(given: string): string {
  const block = parseBlock(given);
  if (block.bits < 8)
    throw new Unwanted(`is /${block.bits}: name the networks of the callers, not the internet`);
  return formatBlock(block);
}
