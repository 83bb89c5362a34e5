// SPDX-License-Identifier: Apache-2.0
import type { Stack } from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { DeployConfig } from '../../config/deploy.ts';
import type { StageContext } from '../../stage.ts';
import { BASE } from '../base.ts';
import { STAGE } from './routes.ts';

/** One alarm, for the template and for docs/operations.md alike. */
export interface ApiAlarm {
  /** Last part of its name. */
  readonly id: string;
  /** What it says when it goes off. */
  readonly means: string;
  /** What to do then. */
  readonly todo: string;
  readonly when?: (config: DeployConfig) => boolean;
  readonly metric: {
    readonly namespace: 'AWS/ApiGateway' | 'AWS/Lambda' | 'AWS/WAFV2' | 'own';
    readonly name: string;
    readonly dimensions: (config: DeployConfig) => Readonly<Record<string, string>>;
    readonly statistic: 'Sum' | 'Maximum' | 'p99';
  };
  /** Seconds. */
  readonly period: number;
  /** So many of so many periods. */
  readonly periods: readonly [bad: number, of: number];
  /** Beyond it; `usual`: beyond what CloudWatch has learned to expect. */
  readonly above: number | 'usual' | ((config: DeployConfig) => number);
}

const gateway = ({ name }: DeployConfig) => ({ ApiName: `${name}-api`, Stage: STAGE });
const lambda = ({ name }: DeployConfig) => ({ FunctionName: `${name}-api` });
const authorizer = ({ name }: DeployConfig) => ({ FunctionName: `${name}-authorizer` });
const none = () => ({});
/** Figures of the function carry the name of its service. */
const SERVICE = 'enclave-vault-api';
const problem = (code: string) => () => ({ service: SERVICE, code });
const decrypted = () => ({
  service: SERVICE,
  method: 'POST',
  route: '/v1/vaults/:id/decrypt',
  status: '200',
});
const ofMany = (result: string) => () => ({ service: SERVICE, operation: 'decrypt', result });
const withAccessLogs = ({ api }: DeployConfig): boolean => api.accessLogs;
const withTokens = ({ api }: DeployConfig): boolean => api.auth === 'jwt';

/** Every alarm of the API. */
export const API_ALARMS: readonly ApiAlarm[] = [
  {
    id: 'api-5xx',
    means: 'The API answers with errors of its own.',
    todo: 'Look for the codes in the function’s log (`problem` of its lines); `enclave-vault doctor` says which part of the vault fails.',
    metric: { namespace: 'AWS/ApiGateway', name: '5XXError', dimensions: gateway, statistic: 'Sum' },
    period: 60,
    periods: [3, 5],
    above: 0,
  },
  {
    id: 'api-latency',
    means: 'One answer of a hundred takes longer than it should.',
    todo: 'Compare with the enclaves’ queue and the function’s cold starts. More instances, or provisioned concurrency.',
    metric: { namespace: 'AWS/ApiGateway', name: 'Latency', dimensions: gateway, statistic: 'p99' },
    period: 60,
    periods: [5, 10],
    above: ({ api }) => api.alarms.latency,
  },
  {
    id: 'api-refused',
    means: 'Callers are refused one after the other: unsigned, unknown, or from elsewhere.',
    todo: 'The access log says from where and by which authorizer. One address: somebody tries. All of them: a role or a token’s issuer changed.',
    when: withAccessLogs,
    metric: { namespace: 'own', name: 'gateway_refused_total', dimensions: none, statistic: 'Sum' },
    period: 300,
    periods: [1, 1],
    above: 50,
  },
  {
    id: 'api-throttled',
    means: 'Requests are refused because there are too many of them.',
    todo: 'Find the caller in the access log. Raise `api.throttle` if it is right to call so often.',
    when: withAccessLogs,
    metric: { namespace: 'own', name: 'gateway_throttled_total', dimensions: none, statistic: 'Sum' },
    period: 300,
    periods: [1, 1],
    above: 100,
  },
  {
    id: 'api-function-errors',
    means: 'The function ended without an answer: it answers every error that it knows.',
    todo: 'Read the end of its log streams: out of memory, out of time, or no start.',
    metric: { namespace: 'AWS/Lambda', name: 'Errors', dimensions: lambda, statistic: 'Sum' },
    period: 60,
    periods: [1, 1],
    above: 0,
  },
  {
    id: 'api-function-throttles',
    means: 'Lambda starts no more executions of the function.',
    todo: 'Raise `api.reservedConcurrency` or the account’s limit, or find who calls so often.',
    metric: { namespace: 'AWS/Lambda', name: 'Throttles', dimensions: lambda, statistic: 'Sum' },
    period: 60,
    periods: [1, 1],
    above: 0,
  },
  {
    id: 'api-function-concurrency',
    means: 'The function uses most of the executions that are set aside for it.',
    todo: 'Raise `api.reservedConcurrency` before requests are refused.',
    when: ({ api }) => api.reservedConcurrency !== undefined,
    metric: {
      namespace: 'AWS/Lambda',
      name: 'ConcurrentExecutions',
      dimensions: lambda,
      statistic: 'Maximum',
    },
    period: 60,
    periods: [3, 5],
    above: ({ api }) => Math.max(1, Math.floor((api.reservedConcurrency ?? 0) * 0.8)),
  },
  {
    id: 'api-decrypts',
    means: 'More is decrypted than this deployment’s owner expects.',
    todo: 'The audit says who asked, and with which reasons. Take a caller that you do not recognise off `api.callers`, or revoke its key, first; ask then.',
    metric: { namespace: 'own', name: 'http_requests_total', dimensions: decrypted, statistic: 'Sum' },
    period: 300,
    periods: [1, 1],
    above: ({ api }) => api.alarms.decrypts,
  },
  {
    id: 'api-decrypts-many',
    means: 'More is decrypted by calls for many records than this deployment’s owner expects of all calls.',
    todo: 'As for `api-decrypts`, which counts calls for one record.',
    metric: { namespace: 'own', name: 'batch_items_total', dimensions: ofMany('ok'), statistic: 'Sum' },
    period: 300,
    periods: [1, 1],
    above: ({ api }) => api.alarms.decrypts,
  },
  {
    id: 'api-decrypts-unusual',
    means: 'More is decrypted than at other times like this one.',
    todo: 'As for `api-decrypts`. CloudWatch learns for two weeks before this says much.',
    metric: { namespace: 'own', name: 'http_requests_total', dimensions: decrypted, statistic: 'Sum' },
    period: 300,
    periods: [2, 3],
    above: 'usual',
  },
  {
    id: 'api-unauthenticated',
    means: 'Credentials reach the function that it does not take.',
    todo: 'The function’s log names caller and address (`unauthenticated`).',
    metric: {
      namespace: 'own',
      name: 'problems_total',
      dimensions: problem('unauthenticated'),
      statistic: 'Sum',
    },
    period: 300,
    periods: [1, 1],
    above: 50,
  },
  {
    id: 'api-not-mapped',
    means: 'The gateway lets in a caller of whom the policy of authorizers says nothing.',
    todo: 'Resource policy and policy file are made from the same list: find out who deployed one without the other. The log names the caller.',
    metric: {
      namespace: 'own',
      name: 'problems_total',
      dimensions: problem('identity_not_mapped'),
      statistic: 'Sum',
    },
    period: 300,
    periods: [1, 1],
    above: 0,
  },
  {
    id: 'api-tampered',
    means: 'Something in the store does not authenticate: somebody else wrote to the table.',
    todo: 'Stop writers of the table, keep its point-in-time copies, run `enclave-vault audit verify`.',
    metric: {
      namespace: 'own',
      name: 'problems_total',
      dimensions: problem('integrity_failed'),
      statistic: 'Sum',
    },
    period: 60,
    periods: [1, 1],
    above: 0,
  },
  {
    id: 'api-tampered-many',
    means: 'A call for many records found one that does not authenticate: somebody else wrote to the table.',
    todo: 'As for `api-tampered`, which counts calls for one record.',
    metric: {
      namespace: 'own',
      name: 'batch_items_total',
      dimensions: ofMany('integrity_failed'),
      statistic: 'Sum',
    },
    period: 60,
    periods: [1, 1],
    above: 0,
  },
  {
    id: 'api-authorizer-errors',
    means:
      'The authorizer cannot say whether tokens are good: all are refused whose key it has not fetched in the last ten minutes.',
    todo: 'Its log says why (`keys_unavailable`: the issuer’s keys are out of reach; `not_started`: it cannot read its settings, and refuses all).',
    when: withTokens,
    // An answer of "no" is an error for Lambda as well; the authorizer tells them apart.
    metric: {
      namespace: 'own',
      name: 'authorizer_unavailable_total',
      dimensions: authorizer,
      statistic: 'Sum',
    },
    period: 60,
    periods: [2, 3],
    above: 0,
  },
];

/** What of them a configuration has. */
export function apiAlarmsOf(config: DeployConfig): readonly ApiAlarm[] {
  return API_ALARMS.filter(({ when }) => when === undefined || when(config));
}

export function addAlarms(stack: Stack, { config, names, outputs }: StageContext): void {
  const topic = outputs(BASE).TopicArn;
  for (const alarm of apiAlarmsOf(config)) {
    const { id, means, todo, metric, period, periods, above } = alarm;
    const namespace = metric.namespace === 'own' ? names.namespace : metric.namespace;
    const dimensions = Object.entries(metric.dimensions(config)).map(([name, value]) => ({ name, value }));
    const common = {
      alarmName: `${config.name}-${id}`,
      alarmDescription: `${means} ${todo}`,
      alarmActions: [topic],
      okActions: [topic],
      datapointsToAlarm: periods[0],
      evaluationPeriods: periods[1],
      // No requests, no figures.
      treatMissingData: 'notBreaching',
    };
    const resource = logicalId(id);
    if (above === 'usual') {
      new CfnAlarm(stack, resource, {
        ...common,
        comparisonOperator: 'GreaterThanUpperThreshold',
        thresholdMetricId: 'usual',
        metrics: [
          {
            id: 'now',
            returnData: true,
            metricStat: {
              metric: { namespace, metricName: metric.name, dimensions },
              period,
              stat: metric.statistic,
            },
          },
          { id: 'usual', returnData: true, expression: 'ANOMALY_DETECTION_BAND(now, 4)' },
        ],
      });
      continue;
    }
    new CfnAlarm(stack, resource, {
      ...common,
      namespace,
      metricName: metric.name,
      dimensions,
      period,
      ...(metric.statistic === 'p99' ? { extendedStatistic: 'p99' } : { statistic: metric.statistic }),
      comparisonOperator: 'GreaterThanThreshold',
      threshold: typeof above === 'number' ? above : above(config),
    });
  }
}

function logicalId(id: string): string {
  return `Alarm${id
    .split('-')
    .slice(1)
    .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1))
    .join('')}`;
}
