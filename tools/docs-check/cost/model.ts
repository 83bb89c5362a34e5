// SPDX-License-Identifier: Apache-2.0
import { PRICES, type PriceName, type Region } from './prices.ts';

/** A month as AWS counts it. */
const HOURS = 730;
const SECONDS = HOURS * 3600;
const GB = 1e9;
const MILLION = 1e6;

/** What a deployment without settings of its own has; held against the templates by the test. */
export const COUNTS = {
  zones: 2,
  interfaceEndpoints: 5,
  keys: 10,
  /** Metrics that alarms look at: an alarm on a formula has several. */
  alarmMetrics: 77,
  metricFilters: 28,
  dashboards: 1,
  diskGb: 12,
  functionMb: 1769,
  canaryMb: 256,
} as const;

/** What is taken for true and was not measured on AWS. */
export const ASSUMPTIONS = {
  /** Of ten requests: decryptions, new records, looks. */
  mix: { decrypt: 0.8, create: 0.1, look: 0.1 },
  /** Milliseconds of the function for a request. */
  functionMs: 80,
  /** DynamoDB units of each (docs/dynamodb.md, "Capacity"). */
  units: { decrypt: { read: 2, write: 4 }, create: { read: 1, write: 12 }, look: { read: 1, write: 0 } },
  /** Calls of KMS's Decrypt in a decryption: the record's key. The request's is kept for a quarter of an hour. */
  decryptCalls: 1,
  /** Bytes on the way to KMS and back, with an attestation document. */
  kmsBytes: 10_000,
  /** Bytes of a request and its answer, each time that they pass something. */
  requestBytes: 5_000,
  /** Bytes of log for a request: function, gateway, audit head. */
  logBytes: 1_800,
  /** A record of the trail. */
  trailBytes: 1_500,
  /** Gigabytes of log in a month that nothing happens in: instances, flows, names, canaries. */
  idleLogGb: 4,
  /** Bytes of a record in the table, with index and audit. */
  recordBytes: 4_000,
  /** Records that are there already. */
  records: 1_000_000,
  /** Months that logs are kept. */
  logMonths: 12,
  /** Own metrics of function and agents beside the filters'. */
  ownMetrics: 64,
  canarySeconds: 0.8,
  /** Requests to KMS a month beside callers': canaries (14 a minute, 2 of each parent, 1 of the control), channel, the table's own key. */
  idleKmsCalls: 900_000,
  idleNames: 2_000_000,
} as const;

export interface Load {
  readonly title: string;
  /** Requests a second, day and night. */
  readonly perSecond: number;
  readonly instances: number;
}

export const LOADS: readonly Load[] = [
  { title: 'idle', perSecond: 0, instances: 2 },
  { title: '1 request a second', perSecond: 1, instances: 2 },
  { title: '100 requests a second', perSecond: 100, instances: 2 },
];

export interface Line {
  readonly what: string;
  /** US dollars a month. */
  readonly usd: number;
}

/** US dollars of so many GB of log a month, kept a year. */
export function logDollars(gb: number, region: Region): number {
  return gb * PRICES.logs.usd[region] + ((gb * ASSUMPTIONS.logMonths) / 5) * PRICES.logStorage.usd[region];
}

/** US dollars of so many GB of trail a month: its copy in a log group, and its files. */
export function trailDollars(gb: number, region: Region): number {
  const { logs, logStorage, bucket } = PRICES;
  return gb * (logs.usd[region] + (3 / 5) * logStorage.usd[region]) + gb * 0.1 * 24 * bucket.usd[region];
}

/** What a month costs, line by line. */
export function estimate(region: Region, load: Load): readonly Line[] {
  const a = ASSUMPTIONS;
  const price = (name: PriceName): number => PRICES[name].usd[region];
  const requests = load.perSecond * SECONDS;
  const decryptions = requests * a.mix.decrypt;
  const creates = requests * a.mix.create;
  const looks = requests * a.mix.look;
  const kmsDecrypts = decryptions * a.decryptCalls;
  const units = (kind: 'read' | 'write'): number =>
    decryptions * a.units.decrypt[kind] + creates * a.units.create[kind] + looks * a.units.look[kind];
  const logGb = a.idleLogGb + (requests * a.logBytes) / GB;
  const trailGb = ((kmsDecrypts + creates + a.idleKmsCalls) * a.trailBytes) / GB;
  const balancerGbHour = (decryptions * a.requestBytes * 2) / GB / HOURS;
  const endpointGb =
    (kmsDecrypts * a.kmsBytes + creates * a.requestBytes + requests * a.requestBytes) / GB + logGb / 2;
  // Two that probe, and the control.
  const canaryRuns = 3 * 60 * HOURS;
  const runTime = (requests * a.functionMs * COUNTS.functionMb) / 1000 / 1024;
  const canaryTime = (canaryRuns * a.canarySeconds * COUNTS.canaryMb) / 1024;
  // Lambda samples one request a second and a twentieth of the others.
  const traces = Math.min(requests, SECONDS) + Math.max(0, requests - SECONDS) * 0.05;
  const storedGb = (a.records * a.recordBytes) / GB;
  return [
    {
      what: `instances (${load.instances} × c6g.xlarge, on demand) and disks`,
      usd: load.instances * (HOURS * price('instance') + COUNTS.diskGb * price('disk')),
    },
    {
      what: `interface endpoints (${COUNTS.interfaceEndpoints}, in ${COUNTS.zones} zones)`,
      usd:
        COUNTS.interfaceEndpoints * COUNTS.zones * HOURS * price('endpoint') +
        endpointGb * price('endpointData'),
    },
    {
      what: 'load balancer',
      usd: HOURS * (price('balancer') + balancerGbHour * price('balancerUnit')),
    },
    {
      what: `KMS (${COUNTS.keys} keys) and their use`,
      usd:
        COUNTS.keys * price('key') +
        ((kmsDecrypts + a.idleKmsCalls) / 10_000) * price('keyUse') +
        (creates / 10_000) * price('keyPair'),
    },
    {
      what: 'DynamoDB (a million records, point-in-time recovery)',
      usd:
        storedGb * price('tableStorage') +
        (units('write') / MILLION) * price('tableWrite') +
        (units('read') / MILLION) * price('tableRead'),
    },
    { what: 'API Gateway', usd: (requests / MILLION) * price('apiCall') },
    {
      what: 'Lambda: API',
      usd: (requests / MILLION) * price('functionCall') + runTime * price('functionTime'),
    },
    {
      what: 'Lambda: canaries',
      usd: (canaryRuns / MILLION) * price('functionCall') + canaryTime * price('functionTime'),
    },
    {
      what: 'logs, kept a year',
      usd: logDollars(logGb, region),
    },
    {
      what: 'trail: copy to a log group, and files',
      usd: trailDollars(trailGb, region),
    },
    {
      what: `CloudWatch: alarms, own metrics, dashboard`,
      usd:
        COUNTS.alarmMetrics * price('alarm') +
        (COUNTS.metricFilters + a.ownMetrics) * price('metric') +
        COUNTS.dashboards * price('dashboard'),
    },
    { what: 'X-Ray', usd: (traces / MILLION) * price('trace') },
    { what: 'DNS firewall', usd: (a.idleNames / MILLION) * price('names') },
  ];
}

/** What AWS WAF adds, which is off without a setting. */
export function wafCost(region: Region, { perSecond }: Load): number {
  const requests = perSecond * SECONDS;
  return PRICES.wafFixed.usd[region] + (requests / MILLION) * PRICES.wafCall.usd[region];
}

export function total(lines: readonly Line[]): number {
  return lines.reduce((sum, { usd }) => sum + usd, 0);
}
