// SPDX-License-Identifier: Apache-2.0
import type { Stack } from 'aws-cdk-lib';
import { CfnDeployment, CfnStage } from 'aws-cdk-lib/aws-apigateway';
import { CfnLogGroup, CfnMetricFilter } from 'aws-cdk-lib/aws-logs';
import type { StageContext } from '../../stage.ts';
import { type Suppression, suppress } from '../../suppress.ts';
import { BASE } from '../base.ts';
import type { Gateway } from './gateway.ts';
import { DECRYPTING, STAGE } from './routes.ts';

/**
 * Fields of an access log's line: all of them fixed words, numbers, or names that AWS or our authorizer made. Left out are
 * paths and queries, which callers fill; the user agent; the request id that a caller can choose; error messages, which quote.
 * ("Variables for access logging for API Gateway")
 */
export const ACCESS_LOG_FIELDS = {
  request_id: '$context.extendedRequestId',
  time: '$context.requestTimeEpoch',
  method: '$context.httpMethod',
  route: '$context.resourcePath',
  status: '$context.status',
  bytes: '$context.responseLength',
  latency_ms: '$context.responseLatency',
  function_ms: '$context.integration.latency',
  function_status: '$context.integration.status',
  function_request_id: '$context.integration.requestId',
  refused_by: '$context.error.responseType',
  waf: '$context.wafResponseCode',
  caller: '$context.identity.userArn',
  token_of: '$context.authorizer.principalId',
  source_ip: '$context.identity.sourceIp',
  vpc_endpoint: '$context.identity.vpceId',
  tls: '$context.tlsVersion',
  cipher: '$context.cipherSuite',
  trace: '$context.xrayTraceId',
} as const;

/** Figures that API Gateway has no metric of, from its access log. */
export const ACCESS_METRICS = {
  gateway_refused_total: '{ ($.status = "401") || ($.status = "403") }',
  gateway_throttled_total: '{ $.status = "429" }',
} as const;

/** Of cdk-nag about the stage. */
const FINDINGS: readonly Suppression[] = [
  {
    rule: 'APIGWAccessLogging',
    reason:
      'On, unless the account’s one role for logs of API Gateway is another’s business (`api.accessLogs`); the audit chain has every call either way.',
  },
  {
    rule: 'APIGWAssociatedWithWAF',
    reason:
      'A firewall is a choice (`api.waf`): callers sign or hold tokens, are listed, throttled, and inside the network by default.',
  },
  {
    rule: 'APIGWCacheEnabledAndEncrypted',
    reason: 'A cache would hold answers, and answers hold what the vault protects: it is off.',
  },
  {
    rule: 'APIGWExecutionLoggingEnabled',
    reason:
      'Execution logs can hold bodies, and bodies hold what the vault protects; access log, function log and audit chain say who called what.',
  },
  {
    rule: 'APIGWSSLEnabled',
    reason:
      'A client certificate is shown to HTTP backends; this one is a function that the gateway alone may invoke.',
  },
  {
    rule: 'APIGWXrayEnabled',
    reason: 'Traces are on wherever there is X-Ray (`features.tracing`); some Regions have none.',
  },
];

/** Deployment and stage. */
export function addServing(stack: Stack, context: StageContext, gateway: Gateway): CfnStage {
  const { config, names, outputs } = context;
  const { api, definition, parts } = gateway;
  const deployment = new CfnDeployment(stack, `Deployment${definition.hash()}`, { restApiId: api.ref });
  // A deployment copies what is there: all of it must be.
  for (const part of parts) deployment.addResourceDependency(part);
  const { throttle, accessLogs } = config.api;
  const setting = (httpMethod: string, resourcePath: string, rate: number, burst: number) => ({
    httpMethod,
    resourcePath,
    throttlingRateLimit: rate,
    throttlingBurstLimit: burst,
    // Execution logs hold bodies and headers when somebody turns on data traces; the function has its own log.
    loggingLevel: 'OFF',
    dataTraceEnabled: false,
    metricsEnabled: false,
    cachingEnabled: false,
  });
  const stage = new CfnStage(stack, 'Stage', {
    restApiId: api.ref,
    deploymentId: deployment.ref,
    stageName: STAGE,
    cacheClusterEnabled: false,
    tracingEnabled: config.features.tracing,
    methodSettings: [
      setting('*', '/*', throttle.rate, throttle.burst),
      ...DECRYPTING.map(({ method, path, records = 1 }) =>
        setting(
          method,
          `/${path.replaceAll('/', '~1')}`,
          throttle.decryptRate / records,
          Math.max(1, Math.floor(throttle.decryptBurst / records)),
        ),
      ),
    ],
    ...(accessLogs
      ? {
          accessLogSetting: {
            destinationArn: `arn:${config.partition}:logs:${config.region}:${config.account}:log-group:${names.logGroups.access}`,
            format: JSON.stringify(ACCESS_LOG_FIELDS),
          },
        }
      : {}),
  });
  suppress(stage, ...FINDINGS);
  if (!accessLogs) return stage;
  const group = new CfnLogGroup(stack, 'AccessLog', {
    logGroupName: names.logGroups.access,
    kmsKeyId: outputs(BASE).LogsKeyArn,
    retentionInDays: config.api.logDays,
  });
  stage.addResourceDependency(group);
  for (const [metricName, filterPattern] of Object.entries(ACCESS_METRICS)) {
    const filter = new CfnMetricFilter(stack, `Count${metricName.replaceAll('_', '')}`, {
      logGroupName: names.logGroups.access,
      filterPattern,
      metricTransformations: [
        { metricNamespace: names.namespace, metricName, metricValue: '1', defaultValue: 0, unit: 'Count' },
      ],
    });
    filter.addResourceDependency(group);
  }
  return stage;
}
