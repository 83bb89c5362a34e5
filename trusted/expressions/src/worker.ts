// SPDX-License-Identifier: Apache-2.0
import type { MessagePort } from 'node:worker_threads';
import { type EvaluateRequest, type ExpressionOutcome, evaluate } from './evaluate.ts';

/** Pool to worker. */
export interface Job {
  readonly id: number;
  readonly request: EvaluateRequest;
}

/** Worker to pool: first that it is ready, then outcomes one by one, then the end of a job. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'outcome'; readonly id: number; readonly outcome: ExpressionOutcome }
  | { readonly kind: 'done'; readonly id: number };

/** A first evaluation takes some twenty times what the second does: all of it has to be compiled. */
const FIRST = { name: 'first', source: 'date("1960-01-01").age() > 0 ? "a" : "b"' };

/** The worker's side of ExpressionPool: call it with the parent port of the worker's thread. */
export function runExpressionWorker(port: MessagePort): void {
  const say = (report: Report) => port.postMessage(report);
  port.on('message', ({ id, request }: Job) => {
    evaluate(request, (outcome) => say({ kind: 'outcome', id, outcome }));
    say({ kind: 'done', id });
  });
  // Not out of a request's time: where a machine is slow, each new worker would be ended over its first, and none would ever answer.
  evaluate({ fields: new Map(), known: [], expressions: [FIRST], now: 0 }, () => say({ kind: 'ready' }));
}
