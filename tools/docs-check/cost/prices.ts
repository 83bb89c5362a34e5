// SPDX-License-Identifier: Apache-2.0

/** Regions that the estimate is made for. */
export const REGIONS = ['eu-central-1', 'us-east-1'] as const;
export type Region = (typeof REGIONS)[number];

export interface Price {
  readonly what: string;
  /** US dollars. */
  readonly usd: Readonly<Record<Region, number>>;
  readonly per: string;
  /** AWS's own page, which decides. */
  readonly page: string;
  /**
   * Where the figure was read, and when that says it is of. AWS's pages show prices by script, so that none was read there:
   * null where nobody but memory says so.
   */
  readonly read: string | null;
}

const at = (eu: number, us: number): Price['usd'] => ({ 'eu-central-1': eu, 'us-east-1': us });
const AWS = 'https://aws.amazon.com';

/** No free tier, no savings plan, no tax, no support. */
export const PRICES = {
  instance: {
    what: 'c6g.xlarge on demand, the smallest that fits',
    usd: at(0.1552, 0.136),
    per: 'hour',
    page: `${AWS}/ec2/pricing/on-demand/`,
    read: null,
  },
  disk: { what: 'gp3', usd: at(0.0952, 0.08), per: 'GB and month', page: `${AWS}/ebs/pricing/`, read: null },
  endpoint: {
    what: 'interface endpoint',
    usd: at(0.012, 0.01),
    per: 'zone and hour',
    page: `${AWS}/privatelink/pricing/`,
    read: 'us-east-1: c3x.dev and factualminds.com, June 2026; eu-central-1: memory',
  },
  endpointData: {
    what: 'data through interface endpoints',
    usd: at(0.01, 0.01),
    per: 'GB',
    page: `${AWS}/privatelink/pricing/`,
    read: 'a copy of the page, undated',
  },
  balancer: {
    what: 'network load balancer',
    usd: at(0.027, 0.0225),
    per: 'hour',
    page: `${AWS}/elasticloadbalancing/pricing/`,
    read: 'us-east-1: clustercost.com, 2025; eu-central-1: memory',
  },
  balancerUnit: {
    what: 'NLCU: 1 GB an hour',
    usd: at(0.006, 0.006),
    per: 'hour',
    page: `${AWS}/elasticloadbalancing/pricing/`,
    read: 'us-east-1: awsnegotiations.com, undated; eu-central-1: memory',
  },
  key: { what: 'customer key', usd: at(1, 1), per: 'month', page: `${AWS}/kms/pricing/`, read: null },
  keyUse: {
    what: 'KMS request',
    usd: at(0.03, 0.03),
    per: '10,000',
    page: `${AWS}/kms/pricing/`,
    read: null,
  },
  keyPair: {
    what: 'key pair on P-384',
    usd: at(0.1, 0.1),
    per: '10,000',
    page: `${AWS}/kms/pricing/`,
    read: null,
  },
  functionTime: {
    what: 'Lambda on arm64',
    usd: at(0.0000133334, 0.0000133334),
    per: 'GB and second',
    page: `${AWS}/lambda/pricing/`,
    read: 'notes of a third party, undated',
  },
  functionCall: {
    what: 'Lambda request',
    usd: at(0.2, 0.2),
    per: 'million',
    page: `${AWS}/lambda/pricing/`,
    read: 'notes of a third party, undated',
  },
  apiCall: {
    what: 'REST API call',
    usd: at(3.7, 3.5),
    per: 'million',
    page: `${AWS}/api-gateway/pricing/`,
    read: 'us-east-1: AWS whitepaper on private APIs, undated; eu-central-1: memory',
  },
  tableWrite: {
    what: 'DynamoDB write unit, on demand',
    usd: at(0.7625, 0.625),
    per: 'million',
    page: `${AWS}/dynamodb/pricing/on-demand/`,
    read: 'us-east-1: airbyte.com, July 2025; eu-central-1: memory',
  },
  tableRead: {
    what: 'DynamoDB read unit, on demand',
    usd: at(0.1525, 0.125),
    per: 'million',
    page: `${AWS}/dynamodb/pricing/on-demand/`,
    read: 'us-east-1: airbyte.com, July 2025; eu-central-1: memory',
  },
  tableStorage: {
    what: 'DynamoDB storage and point-in-time recovery together',
    usd: at(0.5508, 0.45),
    per: 'GB and month',
    page: `${AWS}/dynamodb/pricing/on-demand/`,
    read: null,
  },
  logs: {
    what: 'CloudWatch Logs, ingestion',
    usd: at(0.63, 0.5),
    per: 'GB',
    page: `${AWS}/cloudwatch/pricing/`,
    read: 'us-east-1: factualminds.com, June 2026; eu-central-1: memory',
  },
  logStorage: {
    what: 'CloudWatch Logs, storage (compressed to a fifth)',
    usd: at(0.0324, 0.03),
    per: 'GB and month',
    page: `${AWS}/cloudwatch/pricing/`,
    read: null,
  },
  metric: {
    what: 'own metric',
    usd: at(0.3, 0.3),
    per: 'month',
    page: `${AWS}/cloudwatch/pricing/`,
    read: 'signoz.io, February 2026',
  },
  alarm: {
    what: 'metric of an alarm',
    usd: at(0.1, 0.1),
    per: 'month',
    page: `${AWS}/cloudwatch/pricing/`,
    read: null,
  },
  dashboard: {
    what: 'dashboard',
    usd: at(3, 3),
    per: 'month',
    page: `${AWS}/cloudwatch/pricing/`,
    read: 'factualminds.com, June 2026',
  },
  trace: { what: 'X-Ray trace', usd: at(5, 5), per: 'million', page: `${AWS}/xray/pricing/`, read: null },
  bucket: {
    what: 'S3 Standard',
    usd: at(0.0245, 0.023),
    per: 'GB and month',
    page: `${AWS}/s3/pricing/`,
    read: null,
  },
  names: {
    what: 'DNS firewall query',
    usd: at(0.6, 0.6),
    per: 'million',
    page: `${AWS}/route53/pricing/`,
    read: null,
  },
  wafFixed: {
    what: 'AWS WAF: one list and four rules',
    usd: at(9, 9),
    per: 'month',
    page: `${AWS}/waf/pricing/`,
    read: null,
  },
  wafCall: {
    what: 'AWS WAF request',
    usd: at(0.6, 0.6),
    per: 'million',
    page: `${AWS}/waf/pricing/`,
    read: null,
  },
} as const satisfies Readonly<Record<string, Price>>;

export type PriceName = keyof typeof PRICES;
