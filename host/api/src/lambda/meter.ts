// SPDX-License-Identifier: Apache-2.0
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Meter } from '../observe/meter.ts';
import { invocations, type LambdaContext } from './context.ts';
import { PROCESS } from './log.ts';

export interface FunctionMeter extends Meter {
  /** To be told of each invocation first: the first one is a cold start. */
  readonly invoked: (context: LambdaContext) => void;
}

/**
 * The figures of /metrics as CloudWatch metrics, by the Metrics of Powertools: a line in the embedded metric format for
 * each. Names and labels are the same; labels are dimensions, all of them fixed sets.
 */
export function createFunctionMeter(namespace: string): FunctionMeter {
  const metrics = new Metrics({ namespace, serviceName: PROCESS });
  const publish = (labels: Readonly<Record<string, string>>) => {
    for (const [name, value] of Object.entries(labels)) metrics.addDimension(name, value);
    metrics.publishStoredMetrics();
  };
  return {
    invoked: ({ functionName }) => metrics.captureColdStartMetric(functionName),
    started: () => undefined,
    finished: (labels, seconds) => {
      const invocation = invocations.getStore();
      if (invocation !== undefined) invocation.labels = labels;
      metrics.addMetric('http_requests_total', MetricUnit.Count, 1);
      metrics.addMetric('http_request_duration_seconds', MetricUnit.Seconds, seconds);
      publish({ ...labels });
    },
    count: (name, labels, by = 1) => {
      const invocation = invocations.getStore();
      if (invocation !== undefined && name === 'problems_total' && labels.code !== undefined)
        invocation.code = labels.code;
      metrics.addMetric(name, MetricUnit.Count, by);
      publish(labels);
    },
  };
}
