// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { describeError } from '@enclave-vault/parent/process';
import type { FastifyInstance } from 'fastify';
import { ApiError, VaultError } from '../errors.ts';
import type { GatewayIdentity } from '../gateway/identity.ts';
import type { GatewayPolicy } from '../gateway/policy.ts';
import { actorOf, gatewayPrincipal } from '../gateway/principal.ts';
import { problemAnswer, type RestAnswer, toRestAnswer } from './answer.ts';
import { type Invocation, invocations, type LambdaContext } from './context.ts';
import { type EventOptions, type RestRequest, readRestEvent, takesHttpAnswer } from './event.ts';
import type { FunctionLog } from './log.ts';
import type { FunctionMeter } from './meter.ts';
import type { EndTrace } from './tracer.ts';

/** How a function answers. Its own type, as Lambda calls it: no callback, so nothing waits for an empty event loop. */
export type Handler = (event: unknown, context: LambdaContext) => Promise<RestAnswer>;

export interface FunctionObservers extends FunctionLog {
  readonly meter: FunctionMeter;
  readonly trace: () => EndTrace;
}

export interface HandlerParts extends EventOptions {
  readonly app: FastifyInstance;
  /** Waits for the vault to open, for so many milliseconds at most. */
  readonly ready: (ms: number) => Promise<void>;
  readonly authorizers: GatewayPolicy | null;
}

/** Of the time that Lambda leaves: what it takes to write a failure's audit entry, and to get the answer out. */
const RESERVE_MS = 1_000;
/** Whatever happens, an answer goes out so long before Lambda would end the function. */
const LAST_MS = 250;
/** An opening vault is waited for so long. */
const OPENING_MS = 5_000;

/** Answers events of a REST API by the application. */
export function createHandler(parts: HandlerParts, observers: FunctionObservers): Handler {
  return guarded(parts, observers, async (request, context) => {
    const end = Date.now() + context.getRemainingTimeInMillis();
    await parts.ready(Math.max(0, Math.min(OPENING_MS, end - RESERVE_MS - Date.now())));
    const principal = principalOf(parts, observers, request);
    const invocation: Invocation = {
      ...invocationOf(request),
      deadline: end - RESERVE_MS,
      principal,
    };
    return await invocations.run(invocation, async () => {
      const endTrace = observers.trace();
      try {
        return await within(end - LAST_MS - Date.now(), answer(parts.app, request));
      } finally {
        endTrace(invocation);
      }
    });
  });
}

/** Answers 503 to every request: a function that cannot start says so, and does not die of it. */
export function createRefusingHandler(options: EventOptions, observers: FunctionObservers): Handler {
  return guarded(options, observers, async () => {
    throw new ApiError('misconfigured', { retryAfter: 60 });
  });
}

type Answer = (request: RestRequest, context: LambdaContext) => Promise<RestAnswer>;

/** Reads the event, and makes an answer of whatever goes wrong. */
function guarded(
  options: EventOptions,
  { log, invoked, meter }: FunctionObservers,
  answering: Answer,
): Handler {
  return async (event, context) => {
    invoked(context);
    meter.invoked(context);
    let requestId = context.awsRequestId;
    try {
      const request = readRestEvent(event, options);
      requestId = request.requestId ?? requestId;
      return await answering(request, context);
    } catch (error) {
      const ours = error instanceof ApiError || error instanceof VaultError;
      const id = { request_id: requestId };
      if (ours) log('warn', 'invocation_refused', { code: error.code, ...id });
      else log('error', 'program_error', { ...describeError(error), ...id });
      // Whoever sends other events than a gateway's has to see that they are not taken.
      if (!takesHttpAnswer(event)) throw error;
      return problemAnswer(error, requestId);
    }
  };
}

async function answer(app: FastifyInstance, request: RestRequest): Promise<RestAnswer> {
  const { method, url, headers, body, sourceIp } = request;
  const response = await app.inject({
    // Its type lists the methods it knows; the application answers 405 to others.
    method: method as 'GET',
    url,
    headers: { ...headers },
    remoteAddress: sourceIp,
    ...(body === undefined ? {} : { payload: body }),
  });
  return toRestAnswer(response);
}

function invocationOf({ requestId, extendedRequestId }: RestRequest): Pick<Invocation, 'requestId' | 'ids'> {
  return {
    requestId: requestId ?? `req_${randomUUID()}`,
    ids: extendedRequestId === undefined ? {} : { extended_request_id: extendedRequestId },
  };
}

function principalOf(
  { authorizers }: HandlerParts,
  { log }: FunctionObservers,
  { identity, requestId }: { identity: GatewayIdentity | undefined; requestId: string | undefined },
): Invocation['principal'] {
  // Without a policy the gateway's word gives no rights, and takes none from a key.
  if (identity === undefined || authorizers === null) return undefined;
  const principal = gatewayPrincipal(identity, authorizers);
  if (principal === null) {
    const caller = actorOf(identity)?.slice(0, 600);
    log('warn', 'identity_not_mapped', { request_id: requestId, kind: identity.kind, caller });
  }
  return principal;
}

/** @throws {VaultError} `timed_out`; the work goes on, for as long as Lambda lets it */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new VaultError('timed_out')), Math.max(0, ms));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
