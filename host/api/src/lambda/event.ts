// SPDX-License-Identifier: Apache-2.0
import { ApiError } from '../errors.ts';
import { type GatewayIdentity, readIdentity } from '../gateway/identity.ts';
import { pathAndQuery } from './target.ts';

/** A request of an API Gateway REST API, as its proxy integration hands it over. */
export interface RestRequest {
  readonly method: string;
  /** Path and query, percent-encoded. */
  readonly url: string;
  /** Names in lower case; a list where one came more than once. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer | undefined;
  readonly sourceIp: string;
  /** UUID by which API Gateway's own log knows the request; undefined when the caller put something else there. */
  readonly requestId: string | undefined;
  /** What API Gateway calls the request, and no caller can choose. */
  readonly extendedRequestId: string | undefined;
  readonly identity: GatewayIdentity | undefined;
}

export interface EventOptions {
  /** A prefix of the path that a custom domain's mapping leaves in place, without a slash at its end. */
  readonly basePath: string;
  /** Stages that are answered for; null: whichever the gateway calls the function from. */
  readonly stages: ReadonlySet<string> | null;
}

type Members = Readonly<Record<string, unknown>>;

/** Headers of the connection, which ended at the gateway (RFC 9110 section 7.6.1), and those that are made anew here. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const METHOD = /^[A-Z]{3,16}$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const EXTENDED_ID = /^[A-Za-z0-9+/=_-]{1,64}$/;

/**
 * Reads an event in the format of API Gateway REST APIs (Developer Guide, "Input format of a Lambda function for proxy
 * integration").
 * @throws {ApiError} `event_not_rest` for those of HTTP APIs, load balancers and whatever else; `event_invalid`;
 *   `stage_not_served`; `url_invalid`
 */
export function readRestEvent(event: unknown, { basePath, stages }: EventOptions): RestRequest {
  const from = restEvent(event);
  const context = members(from.requestContext);
  const { stage, requestId, extendedRequestId, domainName } = context;
  if (stages !== null && (typeof stage !== 'string' || !stages.has(stage))) {
    throw new ApiError('stage_not_served');
  }
  const { httpMethod: method, path } = from;
  if (typeof method !== 'string' || !METHOD.test(method) || typeof path !== 'string') throw invalid();
  const body = bodyOf(from);
  const headers = headersOf(from);
  // The framework tells "no body" from "an empty one" by the length.
  if (body === undefined && headers['content-type'] !== undefined) headers['content-length'] = '0';
  headers.host = text(domainName) ?? 'localhost';
  const address = text(members(context.identity).sourceIp);
  return {
    method,
    url: pathAndQuery(
      path,
      basePath,
      lists(from, 'multiValueQueryStringParameters', 'queryStringParameters'),
    ),
    headers,
    body,
    sourceIp: address ?? 'unknown',
    requestId: typeof requestId === 'string' && UUID.test(requestId) ? requestId : undefined,
    extendedRequestId:
      typeof extendedRequestId === 'string' && EXTENDED_ID.test(extendedRequestId)
        ? extendedRequestId
        : undefined,
    identity: readIdentity(context),
  };
}

/** Events of HTTP APIs have a `version` (2.0, and 1.0 in a format much like that of REST APIs), a load balancer's `elb`. */
function restEvent(event: unknown): Members {
  const from = typeof event === 'object' && event !== null ? (event as Members) : {};
  const context = from.requestContext;
  const rest =
    typeof from.httpMethod === 'string' &&
    from.version === undefined &&
    typeof context === 'object' &&
    context !== null &&
    !('http' in context) &&
    !('elb' in context) &&
    !('connectionId' in context);
  if (!rest) throw new ApiError('event_not_rest');
  return from;
}

/** Whether the sender of an event that is none of ours reads an HTTP answer. */
export function takesHttpAnswer(event: unknown): boolean {
  if (typeof event !== 'object' || event === null || !('requestContext' in event)) return false;
  const context = members(event.requestContext);
  return 'httpMethod' in event || 'http' in context || 'elb' in context;
}

function headersOf(from: Members): Record<string, string | string[]> {
  const found = new Map<string, string[]>();
  for (const [name, values] of Object.entries(lists(from, 'multiValueHeaders', 'headers'))) {
    const key = name.toLowerCase();
    if (HOP_BY_HOP.has(key)) continue;
    found.set(key, [...(found.get(key) ?? []), ...values]);
  }
  return Object.fromEntries(
    [...found].map(([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values]),
  );
}

/** The member with all values of each name, or the one with the last of each where the first is not there. */
function lists(from: Members, all: string, last: string): Readonly<Record<string, readonly string[]>> {
  const given = from[all] ?? from[last] ?? {};
  if (typeof given !== 'object' || Array.isArray(given)) throw invalid();
  const entries = Object.entries(given as Members).map(([name, value]) => {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (!values.every((one): one is string => typeof one === 'string')) throw invalid();
    return [name, values] as const;
  });
  return Object.fromEntries(entries);
}

function bodyOf({ body, isBase64Encoded }: Members): Buffer | undefined {
  if (body === undefined || body === null || body === '') return undefined;
  if (typeof body !== 'string') throw invalid();
  if (isBase64Encoded !== true) {
    // Lone surrogates would become another text.
    if (!body.isWellFormed()) throw invalid();
    return Buffer.from(body, 'utf8');
  }
  const bytes = Buffer.from(body, 'base64');
  // The decoder passes over what is not base64.
  if (bytes.toString('base64') !== body) throw invalid();
  return bytes;
}

function members(value: unknown): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {};
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function invalid(): ApiError {
  return new ApiError('event_invalid');
}
