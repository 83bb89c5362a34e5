// SPDX-License-Identifier: Apache-2.0
import {
  MEMBER_ERRORS,
  type MemberError,
  type MemberErrorCode,
  memberError,
  VAULT_ERRORS,
  VaultError,
  type VaultErrorCode,
} from '@enclave-vault/vault';

/**
 * Errors that the HTTP application adds to the vault's: status, and what it says to the caller. No text holds
 * anything of the request.
 */
const HTTP_ERRORS = {
  json_invalid: [400, 'The body is not JSON'],
  json_not_utf8: [400, 'The body is not UTF-8'],
  json_too_deep: [400, 'The body is nested too deeply'],
  json_duplicate_name: [400, 'An object of the body has a name twice'],
  json_forbidden_name: [400, 'An object of the body has a name that no member may have'],
  event_invalid: [400, 'The event of the gateway cannot be read'],
  event_not_rest: [400, 'The event is not one of an API Gateway REST API'],
  body_required: [400, 'This call needs a body'],
  header_repeated: [400, 'A header that may come once came twice'],
  header_invalid: [400, 'A header has a value that it may not have'],
  url_invalid: [400, 'The URL cannot be read'],
  request_invalid: [400, 'The request is not HTTP as this server reads it'],
  not_signed: [403, 'The request is not signed, or there is no such resource'],
  signature_invalid: [403, 'The signature of the request does not verify, or has expired'],
  request_filtered: [403, 'The firewall before the API refuses the request'],
  identity_not_mapped: [403, 'The policy of this deployment gives the caller no rights'],
  route_not_found: [404, 'There is no such resource'],
  method_not_allowed: [405, 'The resource does not take this method; see Allow'],
  request_timeout: [408, 'The request did not arrive in time'],
  body_too_large: [413, 'The body is larger than 1 MiB'],
  media_type_unsupported: [415, 'The body must be application/json'],
  content_coding_unsupported: [415, 'The body must not be encoded; send it without Content-Encoding'],
  expectation_failed: [417, 'The expectation cannot be met'],
  host_not_served: [421, 'This server does not answer for the host of the request'],
  stage_not_served: [421, 'This deployment does not answer for the stage of the request'],
  answer_too_large: [422, 'The answer would be larger than this deployment can carry; ask for less'],
  rate_limited: [429, 'Too many requests; see Retry-After'],
  headers_too_large: [431, 'The headers are too large'],
  transfer_coding_unsupported: [501, 'The server knows no transfer coding but chunked'],
  gateway_failed: [502, 'The gateway had no answer of the vault'],
  misconfigured: [503, 'The vault cannot start as it is configured; its log says why'],
  overloaded: [503, 'The server has as many requests as it can answer in time'],
  starting: [503, 'The vault is starting'],
  stopping: [503, 'The vault is stopping'],
  gateway_timeout: [504, 'The vault did not answer in time'],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type ApiErrorCode = keyof typeof HTTP_ERRORS;
export type ProblemCode = ApiErrorCode | VaultErrorCode;

/** Every code that a response may carry: the one table, for the answers, the OpenAPI document and the docs. */
export const PROBLEMS: Readonly<Record<ProblemCode, readonly [status: number, message: string]>> = {
  ...VAULT_ERRORS,
  ...HTTP_ERRORS,
};

export { MEMBER_ERRORS, type MemberError, type MemberErrorCode, memberError, VaultError };

export interface ApiErrorDetails {
  /** Seconds. */
  readonly retryAfter?: number;
  /** Methods of the resource, for 405. */
  readonly allow?: readonly string[];
}

/** An error of the HTTP application. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;
  readonly status: number;
  readonly retryAfter: number | undefined;
  readonly allow: readonly string[] | undefined;

  constructor(code: ApiErrorCode, details: ApiErrorDetails = {}) {
    const [status, message] = HTTP_ERRORS[code];
    super(message);
    this.code = code;
    this.status = status;
    this.retryAfter = details.retryAfter ?? (status === 503 ? 1 : undefined);
    this.allow = details.allow;
  }
}

/** Why the process does not start; `message` names the member and never its value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'config_invalid';
}
