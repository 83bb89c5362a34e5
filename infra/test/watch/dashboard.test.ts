// SPDX-License-Identifier: Apache-2.0
import { readRole } from '@enclave-vault/settings';
import { describe, expect, it } from 'vitest';
import { METRICS } from '../../../canary/src/index.ts';
import { COUNTERS } from '../../../host/api/src/observe/meter.ts';
import { DEPLOY, exampleKnown, stagesOf, synthesize, type Template } from '../../src/index.ts';
import { WATCH } from '../../src/stages/watch.ts';

type Json = Readonly<Record<string, unknown>>;
interface Widget {
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: { readonly title: string; readonly alarms?: string[]; readonly metrics?: unknown[][] };
}
interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

const config = readRole(DEPLOY, { file: DEPLOY.example, env: {} });
const known = exampleKnown(config);
const templates = new Map(stagesOf(config).map((stage) => [stage.id, synthesize(stage, known)]));
const resources = [...templates.values()].flatMap(({ Resources }) => Object.values(Resources));
const ofType = (type: string): readonly Json[] =>
  resources.filter(({ Type }) => Type === type).map(({ Properties }) => Properties ?? {});

function widgetsOf(template: Template): readonly Widget[] {
  const dashboard = Object.values(template.Resources).find(
    ({ Type }) => Type === 'AWS::CloudWatch::Dashboard',
  );
  return JSON.parse(String(dashboard?.Properties?.DashboardBody)).widgets;
}
const widgets = widgetsOf(templates.get('watch') ?? { Resources: {} });
const lines = widgets.flatMap(({ properties }) => properties.metrics ?? []);
const metrics: readonly Metric[] = lines.flatMap(([namespace, name, ...rest]) => {
  if (typeof namespace !== 'string' || typeof name !== 'string') return [];
  const texts = rest.filter((one): one is string => typeof one === 'string');
  const pairs = texts.flatMap((text, index) => (index % 2 === 0 ? [[text, texts[index + 1] ?? '']] : []));
  return [{ namespace, name, dimensions: Object.fromEntries(pairs) }];
});
const searches = lines
  .flat()
  .flatMap((one) =>
    typeof one === 'object' && one !== null && 'expression' in one ? [String(one.expression)] : [],
  );

/** Metrics that AWS publishes, with their dimensions, as each service's guide lists them under "CloudWatch metrics". */
const PUBLISHED: Readonly<Record<string, { names: readonly string[]; dimensions: readonly string[] }>> = {
  'AWS/ApiGateway': { names: ['4XXError', '5XXError', 'Count', 'Latency'], dimensions: ['ApiName', 'Stage'] },
  'AWS/Lambda': {
    names: ['ConcurrentExecutions', 'Errors', 'Invocations', 'Throttles'],
    dimensions: ['FunctionName'],
  },
  'AWS/AutoScaling': {
    names: ['GroupDesiredCapacity', 'GroupInServiceInstances'],
    dimensions: ['AutoScalingGroupName'],
  },
  'AWS/DynamoDB': {
    names: [
      'ConsumedReadCapacityUnits',
      'ConsumedWriteCapacityUnits',
      'ReadThrottleEvents',
      'WriteThrottleEvents',
    ],
    dimensions: ['TableName'],
  },
  'AWS/Events': { names: ['MatchedEvents'], dimensions: ['RuleName'] },
  'AWS/Usage': { names: ['CallCount'], dimensions: ['Class', 'Resource', 'Service', 'Type'] },
};

/** Names of the resources that a dimension is about, as the templates have them. */
const NAMES: Readonly<Record<string, () => readonly unknown[]>> = {
  ApiName: () => ofType('AWS::ApiGateway::RestApi').map(({ Name }) => Name),
  Stage: () => ofType('AWS::ApiGateway::Stage').map(({ StageName }) => StageName),
  FunctionName: () => ofType('AWS::Lambda::Function').map((one) => one.FunctionName),
  AutoScalingGroupName: () =>
    ofType('AWS::AutoScaling::AutoScalingGroup').map((one) => one.AutoScalingGroupName),
  TableName: () =>
    [...ofType('AWS::DynamoDB::GlobalTable'), ...ofType('AWS::DynamoDB::Table')].map((one) => one.TableName),
  RuleName: () => ofType('AWS::Events::Rule').map(({ Name }) => Name),
};

/** Figures of the deployment's own namespace: made by filters of its log groups, or written by its functions. */
const FILTERED = ofType('AWS::Logs::MetricFilter').flatMap(({ MetricTransformations }) =>
  (MetricTransformations as { MetricName: string; MetricNamespace: string }[]).map(
    ({ MetricName, MetricNamespace }) => [MetricNamespace, MetricName].join(' '),
  ),
);

describe('the dashboard', () => {
  it('is of this Region, and overlaps nowhere', () => {
    const taken = new Set<string>();
    for (const { x, y, width, height } of widgets) {
      expect(x + width).toBeLessThanOrEqual(24);
      for (let column = x; column < x + width; column += 1)
        for (let row = y; row < y + height; row += 1) {
          expect(taken.has(`${column} ${row}`)).toBe(false);
          taken.add(`${column} ${row}`);
        }
    }
    for (const { type, properties } of widgets)
      if (type === 'metric') expect(properties).toHaveProperty('region', 'eu-central-1');
    expect(widgets.length).toBeGreaterThan(10);
  });

  it.each(
    metrics
      .filter(({ namespace }) => namespace !== 'vault')
      .map((metric) => [JSON.stringify(metric), metric] as const),
  )('shows what AWS publishes, of what is there: %s', (_, { namespace, name, dimensions }) => {
    const published = PUBLISHED[namespace];
    expect(published?.names).toContain(name);
    expect(Object.keys(dimensions).sort()).toEqual(published?.dimensions);
    for (const [dimension, value] of Object.entries(dimensions)) {
      const names = NAMES[dimension]?.();
      if (names !== undefined) expect(names).toContain(value);
    }
  });

  it.each(
    metrics
      .filter(({ namespace }) => namespace === 'vault')
      .map((metric) => [JSON.stringify(metric), metric] as const),
  )('shows what the vault itself counts: %s', (_, { namespace, name, dimensions }) => {
    if (dimensions.Canary !== undefined) {
      const written = new Map<string, readonly string[]>(Object.entries(METRICS));
      expect(written.get(String(dimensions.Canary))).toContain(name);
      return;
    }
    expect(dimensions).toEqual({});
    expect(FILTERED).toContain(`${namespace} ${name}`);
  });

  it('searches for figures that exist', () => {
    expect(searches.length).toBe(5);
    for (const search of searches) {
      const [, schema = '', name = ''] = /^SEARCH\('\{([^}]+)\} MetricName="([^"]+)"/.exec(search) ?? [];
      if (schema.startsWith('AWS/NetworkELB')) {
        expect(['HealthyHostCount', 'UnHealthyHostCount']).toContain(name);
        expect(search).toContain('TargetGroup="targetgroup/vault-parents/0123456789abcdef"');
      } else {
        expect(schema.startsWith('"vault",service,')).toBe(true);
        expect(Object.keys(COUNTERS)).toContain(name);
      }
    }
  });

  it('begins with every alarm of every stack, and with no other', () => {
    const [first] = widgets;
    const shown = (first?.properties.alarms ?? []).map((arn) => arn.slice(arn.indexOf(':alarm:') + 7));
    const made = ofType('AWS::CloudWatch::Alarm').map(({ AlarmName }) => AlarmName);
    const elsewhere = shown.filter((name) => !made.includes(name));
    expect(elsewhere).toEqual([]);
    // Alarms that scale are no news.
    const news = ofType('AWS::CloudWatch::Alarm').filter(({ AlarmActions }) =>
      JSON.stringify(AlarmActions).includes(':vault-alarms'),
    );
    expect([...shown].sort()).toEqual(news.map(({ AlarmName }) => AlarmName).sort());
    // As many as a widget takes.
    expect(shown.length).toBeLessThanOrEqual(100);
  });

  it('has no graph of other Regions where nothing is seen there', () => {
    const cheap = readRole(DEPLOY, {
      file: DEPLOY.example,
      env: { ENCLAVE_VAULT_DEPLOY_WATCH_COPY_TO_LOGS: 'false' },
    });
    const text = JSON.stringify(widgetsOf(synthesize(WATCH, exampleKnown(cheap))));
    expect(text).not.toContain('elsewhere');
    expect(text).not.toContain('vault-watch-silent');
  });
});
