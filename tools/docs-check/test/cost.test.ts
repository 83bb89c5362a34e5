// SPDX-License-Identifier: Apache-2.0
import { DEPLOY, exampleKnown, stagesOf, synthesize } from '@enclave-vault/infra';
import { readRole } from '@enclave-vault/settings';
import { beforeAll, describe, expect, it } from 'vitest';
import { COUNTS, estimate, LOADS, total, wafCost } from '../cost/model.ts';
import { costPage } from '../cost/page.ts';
import { PRICES, REGIONS } from '../cost/prices.ts';

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

const config = readRole(DEPLOY, { file: DEPLOY.example, env: {} });
let resources: readonly Resource[] = [];
const ofType = (type: string) =>
  resources.filter(({ Type }) => Type === type).map(({ Properties = {} }) => Properties);

beforeAll(() => {
  const known = exampleKnown(config);
  resources = stagesOf(config).flatMap((stage) => Object.values(synthesize(stage, known).Resources));
});

/** Metrics that an alarm is charged for: each that its formula reads, or its one. */
function metricsOf({ Metrics }: Readonly<Record<string, unknown>>): number {
  if (!Array.isArray(Metrics)) return 1;
  const read = Metrics.filter((metric: { MetricStat?: unknown }) => metric.MetricStat !== undefined).length;
  // Anomaly detection is charged for its metric and both of its limits (CloudWatch pricing).
  const band = Metrics.some(({ Expression = '' }: { Expression?: string }) => /ANOMALY/.test(Expression));
  return band ? 3 * read : read;
}

describe('What is counted', () => {
  it('is what the templates have', () => {
    const endpoints = ofType('AWS::EC2::VPCEndpoint').filter((one) => one.VpcEndpointType === 'Interface');
    const functions = ofType('AWS::Lambda::Function');
    const named = (part: string) => functions.find((one) => String(one.FunctionName).endsWith(part));
    expect({
      zones: config.zones.length,
      interfaceEndpoints: endpoints.length,
      keys: ofType('AWS::KMS::Key').length,
      alarmMetrics: ofType('AWS::CloudWatch::Alarm').reduce((sum, alarm) => sum + metricsOf(alarm), 0),
      metricFilters: ofType('AWS::Logs::MetricFilter').length,
      dashboards: ofType('AWS::CloudWatch::Dashboard').length,
      diskGb: config.decryption.volumeGib,
      functionMb: named('-api')?.MemorySize,
      canaryMb: named('-canary-inside')?.MemorySize,
    }).toEqual(COUNTS);
  });
});

describe('The page', () => {
  it('says of which load a deployment without settings lets a part through alone', () => {
    const { throttle } = config.api;
    expect([throttle.decryptRate, throttle.rate]).toEqual([20, 100]);
    const [said, ...others] = costPage().match(/\*\*The column of .*?\)\.(?=\s)/g) ?? [];
    expect(said).toContain(
      '100 requests a second takes settings of its own:** it has 80 decryptions a second, 4 times',
    );
    expect(said).toContain('lets through without a setting (20), and all of `api.throttle.rate` (100).');
    expect(others).toEqual([]);
  });
});

describe('The estimate', () => {
  const [idle, one, hundred] = LOADS;
  if (idle === undefined || one === undefined || hundred === undefined) throw new Error('three loads');
  const line = (region: (typeof REGIONS)[number], load: typeof idle, what: RegExp): number =>
    estimate(region, load).find((each) => what.test(each.what))?.usd ?? Number.NaN;

  it('multiplies what can be counted by hand', () => {
    // Two instances for 730 hours, with 12 GB each.
    expect(line('us-east-1', idle, /^instances/)).toBeCloseTo(2 * (730 * 0.136 + 12 * 0.08), 6);
    // 2.628 million requests.
    expect(line('us-east-1', one, /^API Gateway/)).toBeCloseTo(2.628 * 3.5, 6);
    expect(line('us-east-1', hundred, /^API Gateway/)).toBeCloseTo(262.8 * 3.5, 6);
    // 0.8 × 4 and 0.1 × 12 write units, 0.8 × 2 and 0.2 read units a request; 4 GB stored.
    expect(line('us-east-1', one, /^DynamoDB/)).toBeCloseTo(
      4 * 0.45 + 2.628 * (4.4 * 0.625 + 1.8 * 0.125),
      6,
    );
    expect(wafCost('us-east-1', one)).toBeCloseTo(9 + 2.628 * 0.6, 6);
  });

  it('charges an idle vault for nothing that only requests cause', () => {
    for (const region of REGIONS) {
      for (const what of [/^API Gateway/, /^Lambda: API/, /^X-Ray/]) expect(line(region, idle, what)).toBe(0);
    }
  });

  it('grows with the load, in every line and Region', () => {
    for (const region of REGIONS) {
      const sums = LOADS.map((load) => total(estimate(region, load)));
      expect([...sums].sort((x, y) => x - y)).toEqual(sums);
      for (const { what, usd } of estimate(region, one)) {
        const more = estimate(region, hundred).find((each) => each.what === what)?.usd;
        if (more !== undefined) expect(more, what).toBeGreaterThanOrEqual(usd);
      }
    }
  });

  it('has a source for each price, or says that it has none', () => {
    for (const { what, usd, page, read } of Object.values(PRICES)) {
      expect(page, what).toMatch(/^https:\/\/aws\.amazon\.com\//);
      expect(read === null || read.length > 5, what).toBe(true);
      for (const region of REGIONS) expect(usd[region], what).toBeGreaterThan(0);
    }
    expect(costPage()).toContain('| memory |');
  });
});
