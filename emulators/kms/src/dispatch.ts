// SPDX-License-Identifier: Apache-2.0
import type { NetworkConfig } from './config.ts';
import { KmsError } from './errors.ts';
import { type CloudTrailEvent, cloudTrailEvent } from './events.ts';
import type { Operation, PreparedOperation } from './operation.ts';
import { findOperation } from './operations/index.ts';
import type { Call, Service } from './service.ts';
import type { SignatureVerifier, SignedRequest } from './sigv4.ts';
import type { Throttle } from './throttle.ts';

/** A request as it came over HTTP, whole. */
export interface IncomingCall extends SignedRequest {
  readonly requestId: string;
  readonly network: NetworkConfig | null;
  readonly sourceAddress: string;
}

export interface Answer {
  readonly status: number;
  /** JSON members. */
  readonly body: object;
}

/** A line for the log on stderr. */
export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly event: string;
  readonly [member: string]: unknown;
}

export interface Dispatcher {
  readonly service: Service;
  readonly verifier: SignatureVerifier;
  readonly throttle: Throttle;
  readonly record: (event: CloudTrailEvent) => void;
  readonly log: (line: LogLine) => void;
}

/** Takes a request all the way: signature, operation, input, authorization, execution, records. Never throws. */
export async function dispatch(dispatcher: Dispatcher, incoming: IncomingCall): Promise<Answer> {
  const { service, verifier, log } = dispatcher;
  const now = service.clock();
  let call: Call;
  try {
    const name = targetOf(incoming);
    const principal = verifier.verify(incoming, now);
    call = {
      service,
      requestId: incoming.requestId,
      operation: name,
      principal,
      network: incoming.network,
      sourceAddress: incoming.sourceAddress,
      userAgent: (incoming.headers.get('user-agent')?.[0] ?? '').slice(0, 256),
      now,
      resources: new Set(),
      recipient: null,
    };
  } catch (error) {
    const failure = toKmsError(error, dispatcher, incoming.requestId);
    log({ level: 'warn', event: 'kms_unauthenticated', requestId: incoming.requestId, code: failure.code });
    return answerOf(failure);
  }
  return execute(dispatcher, call, incoming.body);
}

async function execute(dispatcher: Dispatcher, call: Call, body: Buffer): Promise<Answer> {
  let operation: Operation | null = null;
  let prepared: PreparedOperation | null = null;
  let failure: KmsError | null = null;
  let result: object = {};
  try {
    operation = findOperation(call.operation);
    dispatcher.throttle.take(operation.quota, call.now);
    prepared = operation.prepare(parseBody(body));
    result = await prepared.run(call);
  } catch (error) {
    failure = toKmsError(error, dispatcher, call.requestId);
    if (failure.code === 'AccessDeniedException' || failure.explanation !== undefined)
      logDenial(dispatcher, call, failure, prepared?.logged.dryRun === true);
  }
  const parameters = prepared?.logged ?? null;
  dispatcher.record(cloudTrailEvent(call, operation?.readOnly ?? true, parameters, failure));
  return failure === null ? { status: 200, body: result } : answerOf(failure);
}

/** What a person reads who wonders why: statement, condition, register. */
function logDenial({ log }: Dispatcher, call: Call, failure: KmsError, dryRun: boolean): void {
  log({
    level: 'warn',
    event: 'kms_denied',
    requestId: call.requestId,
    action: `kms:${call.operation}`,
    principal: call.principal.arn,
    resource: [...call.resources][0],
    attested: call.recipient !== null,
    ...(dryRun && { dryRun }),
    code: failure.code,
    ...failure.explanation,
  });
}

function targetOf({ headers, method, path }: IncomingCall): string {
  const target = headers.get('x-amz-target');
  const match = /^TrentService\.([A-Za-z]{1,64})$/.exec(target?.[0] ?? '');
  if (match?.[1] === undefined || target?.length !== 1 || method !== 'POST' || path !== '/') {
    throw new KmsError('UnknownOperationException', 'The requested operation is not known.');
  }
  return match[1];
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function parseBody(body: Buffer): unknown {
  // AWS takes an empty body for operations without required members.
  if (body.length === 0) return {};
  try {
    return JSON.parse(UTF8.decode(body));
  } catch {
    throw new KmsError('SerializationException', 'The request body is not valid JSON.');
  }
}

/** A fault of ours is logged by its kind; the caller learns nothing of it. */
function toKmsError(error: unknown, { log }: Dispatcher, requestId: string): KmsError {
  if (error instanceof KmsError) return error;
  const reason =
    error instanceof Error ? `${error.name}${'code' in error ? ` ${String(error.code)}` : ''}` : 'unknown';
  log({ level: 'error', event: 'kms_internal', requestId, reason });
  return new KmsError('KMSInternalException', 'The request failed because of an internal error.');
}

function answerOf({ status, code, message }: KmsError): Answer {
  return { status, body: { __type: code, message } };
}
