// SPDX-License-Identifier: Apache-2.0
import { STATUS_CODES } from 'node:http';
import {
  ApiError,
  type ApiErrorCode,
  type MemberError,
  PROBLEMS,
  type ProblemCode,
  VaultError,
} from '../errors.ts';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** RFC 9457. `type` is left out: about:blank, so the title is the status's own phrase; `code` says the rest. */
export interface Problem {
  title: string;
  status: number;
  code: ProblemCode;
  detail: string;
  request_id: string;
  errors?: readonly MemberError[];
}

/** A problem document, and the headers that belong to it. */
export interface ProblemAnswer {
  problem: Problem;
  headers: Record<string, string>;
}

/** What the framework's own errors are to the caller. All others are `internal`: a fault of this program. */
const FRAMEWORK: Readonly<Record<string, ApiErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media_type_unsupported',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request_invalid',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'body_required',
  FST_ERR_BAD_URL: 'url_invalid',
  FST_ERR_MAX_PARAM_LENGTH: 'route_not_found',
  // A path that climbs out of the reference's folder.
  FST_STATIC_FORBIDDEN_PATH: 'route_not_found',
  ECONNRESET: 'request_invalid',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'body_too_large',
};

/** Turns any error into what the caller may know of it. Nothing of the error's own text goes out. */
export function toProblem(error: unknown, requestId: string): ProblemAnswer {
  const known = classify(error);
  const [status, detail] = PROBLEMS[known.code];
  const headers: Record<string, string> = {};
  if (known.retryAfter !== undefined) headers['retry-after'] = String(known.retryAfter);
  if (known.allow !== undefined) headers.allow = known.allow.join(', ');
  // What would be taken (RFC 9110 section 15.5.16).
  if (known.code === 'content_coding_unsupported') headers['accept-encoding'] = 'identity';
  if (status === 401) headers['www-authenticate'] = 'Bearer realm="enclave-vault"';
  return {
    problem: {
      title: STATUS_CODES[status] ?? 'Error',
      status,
      code: known.code,
      detail,
      request_id: requestId,
      ...(known.members === undefined ? {} : { errors: known.members }),
    },
    headers,
  };
}

interface Known {
  code: ProblemCode;
  retryAfter?: number | undefined;
  allow?: readonly string[] | undefined;
  members?: readonly MemberError[] | undefined;
}

function classify(error: unknown): Known {
  if (error instanceof ApiError || error instanceof VaultError) return error;
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    const code = FRAMEWORK[error.code];
    if (code !== undefined) return { code };
    if (error.code.startsWith('HPE_')) return { code: 'request_invalid' };
  }
  return { code: 'internal' };
}
