// SPDX-License-Identifier: Apache-2.0
import { Tracer } from '@aws-lambda-powertools/tracer';
import type { Invocation } from './context.ts';
import { PROCESS } from './log.ts';

/** Ends the segment of an invocation. */
export type EndTrace = (of: Pick<Invocation, 'labels' | 'code'>) => void;

/**
 * Segments of X-Ray by the Tracer of Powertools: one for each request, with its route, method, status and code, which
 * are fixed sets. The Tracer is handed no answer and no error, and does not watch HTTP calls: none of its settings
 * (POWERTOOLS_TRACER_CAPTURE_RESPONSE and others) can make it send one. Segments go to Lambda's own daemon by UDP;
 * without one, or with POWERTOOLS_TRACE_ENABLED=false, nothing happens.
 */
export function createFunctionTracer(): () => EndTrace {
  const tracer = new FunctionTracer({ serviceName: PROCESS, captureHTTPsRequests: false });
  if (!tracer.isTracingEnabled()) return () => () => undefined;
  return () => {
    const segment = attempt(() => tracer.getSegment()?.addNewSubsegment(PROCESS));
    return ({ labels, code }) =>
      attempt(() => {
        if (segment === undefined) return;
        const annotations = { cold_start: tracer.isColdStart(), ...labels, ...(code && { code }) };
        for (const [name, value] of Object.entries(annotations)) segment.addAnnotation(name, value);
        const status = Number(labels?.status ?? 500);
        if (status === 429) segment.addThrottleFlag();
        else if (status >= 500) segment.addFaultFlag();
        else if (status >= 400) segment.addErrorFlag();
        segment.close();
      });
  };
}

/** The Tracer's own word for a cold start is for decorators only. */
class FunctionTracer extends Tracer {
  isColdStart(): boolean {
    return this.getColdStart();
  }
}

/** Whatever is the matter with tracing, requests are answered. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
