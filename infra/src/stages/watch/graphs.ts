// SPDX-License-Identifier: Apache-2.0
import type { StageContext } from '../../stage.ts';
import { STAGE } from '../api/routes.ts';
import { canaryAlarmsOf } from '../canary/alarms.ts';
import { CANARY_PLACES } from '../canary/places.ts';
import type { ParentFigure } from '../decryption/figures.ts';
import { DECRYPTION } from '../decryption.ts';
import { BLOCKED_NAMES_METRIC } from '../network/alarms.ts';
import { watchEventsOf } from './events.ts';
import { heardAtHome, seenElsewhere } from './regions.ts';
import { ruleName } from './rules.ts';

interface MetricLine {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: 'Sum' | 'Average' | 'Minimum' | 'Maximum' | 'p50' | 'p99';
  readonly label?: string;
}

/** Metrics whose dimensions are found when the page is looked at. */
interface SearchLine {
  readonly search: string;
  readonly label: string;
}

export type Line = MetricLine | SearchLine;

export interface Graph {
  readonly title: string;
  readonly unit: string;
  readonly when?: (context: StageContext, elsewhere: boolean) => boolean;
  readonly lines: (context: StageContext) => readonly Line[];
}

/** The graphs of the dashboard, in reading order. */
export const GRAPHS: readonly Graph[] = [
  {
    title: 'Canaries',
    unit: 'probes a minute',
    lines: ({ names }) =>
      CANARY_PLACES.flatMap((place) =>
        [...new Set(canaryAlarmsOf(place).map(({ metric }) => metric))].map(
          (name): MetricLine => ({
            namespace: names.namespace,
            name,
            dimensions: { Canary: place },
            statistic: 'Sum',
            label: `${place}: ${name}`,
          }),
        ),
      ),
  },
  {
    title: 'Requests',
    unit: 'a minute',
    lines: ({ config }) => ['Count', '4XXError', '5XXError'].map((name) => gateway(config.name, name, 'Sum')),
  },
  {
    title: 'Latency',
    unit: 'ms',
    lines: ({ config }) => [gateway(config.name, 'Latency', 'p50'), gateway(config.name, 'Latency', 'p99')],
  },
  {
    title: 'Decryptions, by what came of them',
    unit: 'results a minute',
    lines: ({ names }) => [search(names.namespace, 'decrypt_results_total', 'result')],
  },
  {
    title: 'Key pairs of new records, by where they came from',
    unit: 'records a minute',
    lines: ({ names }) => [search(names.namespace, 'record_keys_total', 'from')],
  },
  {
    title: 'Refusals and errors of the API, by code',
    unit: 'answers a minute',
    lines: ({ names }) => [search(names.namespace, 'problems_total', 'code')],
  },
  {
    title: 'API function',
    unit: 'a minute',
    lines: ({ names }) => [
      lambda(names.apiFunction, 'Invocations', 'Sum'),
      lambda(names.apiFunction, 'Errors', 'Sum'),
      lambda(names.apiFunction, 'Throttles', 'Sum'),
      lambda(names.apiFunction, 'ConcurrentExecutions', 'Maximum'),
    ],
  },
  {
    title: 'Instances',
    unit: 'instances',
    lines: ({ outputs }) => {
      const { AutoScalingGroup, TargetGroupArn } = outputs(DECRYPTION);
      const target = TargetGroupArn.slice(TargetGroupArn.indexOf('targetgroup/'));
      return [
        group(AutoScalingGroup, 'GroupDesiredCapacity'),
        group(AutoScalingGroup, 'GroupInServiceInstances'),
        ...['HealthyHostCount', 'UnHealthyHostCount'].map((name) => ({
          search: `SEARCH('{AWS/NetworkELB,LoadBalancer,TargetGroup} MetricName="${name}" TargetGroup="${target}"', 'Minimum', 60)`,
          label: name,
        })),
      ];
    },
  },
  {
    title: 'Requests at the parents',
    unit: 'a minute',
    lines: ({ names }) => [
      parent(names.namespace, 'parent_requests', 'Sum'),
      parent(names.namespace, 'parent_refused', 'Sum'),
      parent(names.namespace, 'parent_failed', 'Sum'),
      parent(names.namespace, 'records_opened', 'Sum'),
      parent(names.namespace, 'decryptions_limited', 'Sum'),
    ],
  },
  {
    title: 'Enclaves',
    unit: 'requests under way in one; enclaves missing',
    lines: ({ names }) => [
      parent(names.namespace, 'enclave_busy', 'Average'),
      parent(names.namespace, 'enclaves_missing', 'Maximum'),
      parent(names.namespace, 'enclave_lost', 'Sum'),
    ],
  },
  {
    // Quotas are of the account and Region: others' calls count here as well.
    title: 'KMS calls of the account, by quota',
    unit: 'calls a minute',
    lines: () =>
      ['CryptographicOperationsSymmetric', 'GenerateDataKeyPair-ECC_NIST_P384'].map((Resource) => ({
        namespace: 'AWS/Usage',
        name: 'CallCount',
        dimensions: { Service: 'KMS', Type: 'API', Resource, Class: 'None' },
        statistic: 'Sum',
        label: Resource,
      })),
  },
  {
    title: 'Table',
    unit: 'a minute',
    lines: ({ names }) =>
      [
        'ConsumedReadCapacityUnits',
        'ConsumedWriteCapacityUnits',
        'ReadThrottleEvents',
        'WriteThrottleEvents',
      ].map((name) => ({
        namespace: 'AWS/DynamoDB',
        name,
        dimensions: { TableName: names.table },
        statistic: 'Sum',
      })),
  },
  {
    title: 'Changes of what protects the vault',
    unit: 'events a minute',
    lines: ({ config }) =>
      watchEventsOf(config)
        .filter((event) => heardAtHome(event, config))
        .map((event) => ({
          namespace: 'AWS/Events',
          name: 'MatchedEvents',
          dimensions: { RuleName: ruleName(config.name, event) },
          statistic: 'Sum',
          label: event.id,
        })),
  },
  {
    title: 'The same in other Regions, and refused decryptions',
    unit: 'events a minute',
    when: (_, elsewhere) => elsewhere,
    lines: ({ config, names }) =>
      [
        ...watchEventsOf(config)
          .filter((event) => seenElsewhere(event, config))
          .map(({ id }) => `${id}-elsewhere`),
        'refused-decrypts',
      ].map((id) => ({
        namespace: names.namespace,
        name: `watch-${id}`,
        dimensions: {},
        statistic: 'Sum',
        label: id,
      })),
  },
  {
    title: 'Names that the DNS firewall blocked',
    unit: 'queries a minute',
    lines: ({ names }) => [
      { namespace: names.namespace, name: BLOCKED_NAMES_METRIC, dimensions: {}, statistic: 'Sum' },
    ],
  },
];

function gateway(name: string, metric: string, statistic: MetricLine['statistic']): MetricLine {
  const dimensions = { ApiName: `${name}-api`, Stage: STAGE };
  return {
    namespace: 'AWS/ApiGateway',
    name: metric,
    dimensions,
    statistic,
    label: `${metric} ${statistic}`,
  };
}

function lambda(FunctionName: string, name: string, statistic: MetricLine['statistic']): MetricLine {
  return { namespace: 'AWS/Lambda', name, dimensions: { FunctionName }, statistic };
}

function parent(namespace: string, name: ParentFigure, statistic: MetricLine['statistic']): MetricLine {
  return { namespace, name, dimensions: {}, statistic };
}

function group(AutoScalingGroupName: string, name: string): MetricLine {
  return { namespace: 'AWS/AutoScaling', name, dimensions: { AutoScalingGroupName }, statistic: 'Average' };
}

/** The API's own figures, a line for each value of a dimension. Lambda's Powertools add the dimension `service`. */
function search(namespace: string, name: string, dimension: string): SearchLine {
  return {
    search: `SEARCH('{"${namespace}",service,${dimension}} MetricName="${name}"', 'Sum', 60)`,
    label: ['$', `{PROP('Dim.${dimension}')}`].join(''),
  };
}
