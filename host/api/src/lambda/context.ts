// SPDX-License-Identifier: Apache-2.0
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Ingress } from '../http/ingress.ts';
import type { RequestLabels } from '../observe/meter.ts';

/** What Lambda says of an invocation, as far as it is used (Developer Guide, "Node.js context object"). */
export interface LambdaContext {
  readonly awsRequestId: string;
  readonly functionName: string;
  readonly functionVersion: string;
  readonly invokedFunctionArn: string;
  readonly memoryLimitInMB: string;
  getRemainingTimeInMillis(): number;
}

/** One invocation, while it is being answered. */
export interface Invocation extends Ingress {
  /** Added to every line of its log: ids by which AWS's own logs know it. */
  readonly ids: Readonly<Record<string, string>>;
  /** What it turned out to be, when that is known. */
  labels?: RequestLabels;
  code?: string;
}

/** The invocation that the running code belongs to. Beside the request: nothing that a caller sends gets in here. */
export const invocations = new AsyncLocalStorage<Invocation>();
