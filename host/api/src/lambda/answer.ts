// SPDX-License-Identifier: Apache-2.0
import type { LightMyRequestResponse } from 'fastify';
import { ApiError } from '../errors.ts';
import { REQUEST_ID_HEADER, RESPONSE_HEADERS } from '../http/headers.ts';
import { PROBLEM_TYPE, toProblem } from '../http/problems.ts';

/** What a proxy integration gives back (API Gateway Developer Guide, "Output format of a Lambda function"). */
export interface RestAnswer {
  readonly statusCode: number;
  readonly multiValueHeaders: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** Lambda carries 6 MB of JSON (Developer Guide, "Quotas"); headers are some of it. */
const MAX_ANSWER_BYTES = 6 * 1024 * 1024 - 16 * 1024;

/** The gateway sets these itself. */
const DROPPED: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'transfer-encoding',
]);

/**
 * @returns the application's answer; text as it is, everything else in base64
 * @throws {ApiError} `answer_too_large`
 */
export function toRestAnswer(response: LightMyRequestResponse): RestAnswer {
  const multiValueHeaders: Record<string, readonly string[]> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value === undefined || DROPPED.has(name)) continue;
    multiValueHeaders[name] = Array.isArray(value) ? value.map(String) : [String(value)];
  }
  const binary = !/^(?:text\/|application\/(?:(?:[\w.]+\+)?json|x-ndjson)\b)/.test(
    String(response.headers['content-type'] ?? 'text/'),
  );
  const bytes = response.rawPayload;
  const body = binary ? bytes.toString('base64') : bytes.toString('utf8');
  // As JSON a text is at most six times as long, and most are hardly longer.
  const fits = bytes.length * 6 < MAX_ANSWER_BYTES || jsonBytes(body) < MAX_ANSWER_BYTES;
  if (!fits) throw new ApiError('answer_too_large');
  return { statusCode: response.statusCode, multiValueHeaders, body, isBase64Encoded: binary };
}

/** A problem document without the application: what went wrong before it, or instead of it. */
export function problemAnswer(error: unknown, requestId: string): RestAnswer {
  const { problem, headers } = toProblem(error, requestId);
  const all = {
    ...RESPONSE_HEADERS,
    ...headers,
    [REQUEST_ID_HEADER]: requestId,
    'content-type': PROBLEM_TYPE,
  };
  return {
    statusCode: problem.status,
    multiValueHeaders: Object.fromEntries(Object.entries(all).map(([name, value]) => [name, [value]])),
    body: JSON.stringify(problem),
    isBase64Encoded: false,
  };
}

function jsonBytes(body: string): number {
  return Buffer.byteLength(JSON.stringify(body));
}
