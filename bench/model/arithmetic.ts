// SPDX-License-Identifier: Apache-2.0
import { ASSUMPTIONS, COUNTS, logDollars, trailDollars } from '../../tools/docs-check/cost/model.ts';
import { PRICES, type PriceName, type Region } from '../../tools/docs-check/cost/prices.ts';
import type { Units } from '../dynamodb/meter.ts';
import { QUOTAS, type Quota, type Takes } from './quotas.ts';

const SECONDS_OF_A_MONTH = 730 * 3600;
const HOURS = 730;
const MILLION = 1e6;
const GB = 1e9;

/** What one request takes of each thing. */
export interface Request {
  readonly kind: 'decrypt' | 'create';
  readonly units: Units;
  /** Write units that go to the partition of its record's chain. */
  readonly chainWrites: number;
  /** Calls of KMS's Decrypt: 1 without a cache of keys, less with one. */
  readonly kmsCalls: number;
  readonly keyPairs: number;
  /** Processor time of the enclave, ms. */
  readonly enclaveMs: number;
}

/** What a deployment is made of. */
export interface Deployment {
  readonly region: Region;
  /** Processors of an enclave. */
  readonly enclaveCpus: number;
  /** Share of them that is used at most: what is above waits. */
  readonly busy: number;
  /** The measured rate of an enclave, a second and an hour. */
  readonly rate: { readonly perSecond: number; readonly perHour: number };
  /** Instances there are at least, for two zones. */
  readonly least: number;
}

function taken({ units, chainWrites, kmsCalls, keyPairs }: Request): Readonly<Record<Takes, number>> {
  return {
    kmsCalls,
    keyPairs,
    writeUnits: units.write,
    readUnits: units.read,
    chainWrites,
    // Little's law: at once is as many as come in the time that one takes.
    concurrency: ASSUMPTIONS.functionMs / 1000,
    requests: 1,
    heads: 1,
  };
}

export interface Bound {
  readonly quota: Quota;
  /** What a request takes of it. */
  readonly takes: number;
  /** Requests a second at which it is reached. */
  readonly at: number;
}

/** The quotas that a request meets, the first that binds first. Of one record alone is {@link oneRecord}. */
export function bounds(request: Request, region: Region): readonly Bound[] {
  const takes = taken(request);
  return QUOTAS.filter((quota) => quota.takes !== 'chainWrites' && takes[quota.takes] > 0)
    .map((quota) => ({ quota, takes: takes[quota.takes], at: quota.most[region] / takes[quota.takes] }))
    .sort((a, b) => a.at - b.at);
}

/** Requests a second for one and the same record. */
export function oneRecord({ chainWrites }: Request, region: Region): number {
  const quota = QUOTAS.find(({ takes }) => takes === 'chainWrites');
  return (quota?.most[region] ?? Number.NaN) / chainWrites;
}

/** Requests a second that one enclave answers: by its processors, and by its measured rate. */
export function enclaveCapacity({ enclaveMs }: Request, { enclaveCpus, busy, rate }: Deployment) {
  const byCpu = enclaveMs === 0 ? Number.POSITIVE_INFINITY : (enclaveCpus * busy * 1000) / enclaveMs;
  return { byCpu, byRate: Math.min(rate.perSecond, rate.perHour / 3600) };
}

/** Enclaves that so many requests a second need, one an instance. `byRate`: with the measured rate as it is without a setting. */
export function enclaves(request: Request, deployment: Deployment, perSecond: number) {
  const { byCpu, byRate } = enclaveCapacity(request, deployment);
  const need = (each: number): number =>
    request.kind === 'create' ? deployment.least : Math.max(deployment.least, Math.ceil(perSecond / each));
  return { byCpu: need(byCpu), byRate: need(byRate) };
}

/** The instances that so many requests a second need with the measured rate as the deployment has it: what is priced. */
export function instancesFor(request: Request, deployment: Deployment, perSecond: number): number {
  const { byCpu, byRate } = enclaves(request, deployment, perSecond);
  return Math.max(byCpu, byRate);
}

/** US dollars a month, with their disks. */
export function instanceDollars(instances: number, region: Region): number {
  return instances * (HOURS * PRICES.instance.usd[region] + COUNTS.diskGb * PRICES.disk.usd[region]);
}

/** An enclave's cache of keys (docs/key-cache.md). */
export interface KeyCache {
  readonly entries: number;
  /** From the call of KMS on, however often a key is used meanwhile. */
  readonly ageSeconds: number;
}

/**
 * How many records may be in use for no more than this share of reads to call KMS: each read as often as any other, at random times, by any
 * enclave, since requests are not routed by record. After each call the enclave's next reads of that record within the age take its key: n
 * of them on average, so that 1 in 1 + n calls.
 * @param kmsCalls of a read, above 0 and below 1 @param perSecond of all enclaves together
 */
export function recordsInUse(
  kmsCalls: number,
  { entries, ageSeconds }: KeyCache,
  enclaveCount: number,
  perSecond: number,
): number {
  const readsAnAge = 1 / kmsCalls - 1;
  return Math.floor(Math.min(entries, (perSecond * ageSeconds) / (enclaveCount * readsAnAge)));
}

/** What a month of so many requests a second costs, by service, in US dollars; of {@link instancesFor} instances. */
export function dollars(
  request: Request,
  deployment: Deployment,
  perSecond: number,
): Readonly<Record<'instances' | 'KMS' | 'DynamoDB' | 'API Gateway' | 'Lambda' | 'logs and trail', number>> {
  const { region } = deployment;
  const a = ASSUMPTIONS;
  const price = (name: PriceName): number => PRICES[name].usd[region];
  const count = perSecond * SECONDS_OF_A_MONTH;
  const logGb = (count * a.logBytes) / GB;
  const trailGb = (count * (request.kmsCalls + request.keyPairs) * a.trailBytes) / GB;
  return {
    instances: instanceDollars(instancesFor(request, deployment, perSecond), region),
    KMS:
      ((count * request.kmsCalls) / 10_000) * price('keyUse') +
      ((count * request.keyPairs) / 10_000) * price('keyPair'),
    DynamoDB:
      (count / MILLION) *
      (request.units.read * price('tableRead') + request.units.write * price('tableWrite')),
    'API Gateway': (count / MILLION) * price('apiCall'),
    Lambda:
      (count / MILLION) * price('functionCall') +
      ((count * a.functionMs * COUNTS.functionMb) / 1000 / 1024) * price('functionTime'),
    'logs and trail': logDollars(logGb, region) + trailDollars(trailGb, region),
  };
}

export function total(parts: Readonly<Record<string, number>>): number {
  return Object.values(parts).reduce((sum, one) => sum + one, 0);
}
