// SPDX-License-Identifier: Apache-2.0
import type { Stack } from 'aws-cdk-lib';
import { CfnGatewayResponse } from 'aws-cdk-lib/aws-apigateway';
import type { Definition } from './definition.ts';

/** What API Gateway answers itself, in the words of the API's own problems: a test holds them against its table. */
export interface GatewayProblem {
  /** API Gateway's name ("Gateway response types for API Gateway"). */
  readonly type: string;
  /** Null: the one that API Gateway has for what it has no name of. */
  readonly status: number | null;
  readonly title: string;
  readonly code: string;
  readonly detail: string;
}

/** [types, status, title, code, detail] */
const TABLE = [
  [['BAD_REQUEST_BODY'], 400, 'Bad Request', 'json_invalid', 'The body is not JSON'],
  [
    ['BAD_REQUEST_PARAMETERS'],
    400,
    'Bad Request',
    'request_invalid',
    'The request is not HTTP as this server reads it',
  ],
  [['DEFAULT_4XX'], null, 'Refused', 'request_invalid', 'The request is not HTTP as this server reads it'],
  [['DEFAULT_5XX'], null, 'Failed', 'internal', 'The vault failed'],
  [
    ['UNAUTHORIZED'],
    401,
    'Unauthorized',
    'unauthenticated',
    'The credentials are missing, unknown, expired or revoked',
  ],
  [
    ['MISSING_AUTHENTICATION_TOKEN'],
    403,
    'Forbidden',
    'not_signed',
    'The request is not signed, or there is no such resource',
  ],
  [
    ['INVALID_SIGNATURE', 'EXPIRED_TOKEN', 'INVALID_API_KEY'],
    403,
    'Forbidden',
    'signature_invalid',
    'The signature of the request does not verify, or has expired',
  ],
  [
    ['ACCESS_DENIED'],
    403,
    'Forbidden',
    'identity_not_mapped',
    'The policy of this deployment gives the caller no rights',
  ],
  [['WAF_FILTERED'], 403, 'Forbidden', 'request_filtered', 'The firewall before the API refuses the request'],
  [['RESOURCE_NOT_FOUND'], 404, 'Not Found', 'route_not_found', 'There is no such resource'],
  [['REQUEST_TOO_LARGE'], 413, 'Payload Too Large', 'body_too_large', 'The body is larger than 1 MiB'],
  [
    ['UNSUPPORTED_MEDIA_TYPE'],
    415,
    'Unsupported Media Type',
    'media_type_unsupported',
    'The body must be application/json',
  ],
  [
    ['THROTTLED', 'QUOTA_EXCEEDED'],
    429,
    'Too Many Requests',
    'rate_limited',
    'Too many requests; see Retry-After',
  ],
  [
    ['API_CONFIGURATION_ERROR', 'AUTHORIZER_FAILURE', 'AUTHORIZER_CONFIGURATION_ERROR'],
    500,
    'Internal Server Error',
    'internal',
    'The vault failed',
  ],
  [['INTEGRATION_FAILURE'], 502, 'Bad Gateway', 'gateway_failed', 'The gateway had no answer of the vault'],
  [['INTEGRATION_TIMEOUT'], 504, 'Gateway Timeout', 'gateway_timeout', 'The vault did not answer in time'],
] as const;

export const GATEWAY_PROBLEMS: readonly GatewayProblem[] = TABLE.flatMap(
  ([types, status, title, code, detail]) => types.map((type) => ({ type, status, title, code, detail })),
);

/** Those of the API's headers that protect an answer. */
const HEADERS = {
  'Cache-Control': 'no-cache, no-store, must-revalidate',
  'X-Content-Type-Options': 'nosniff',
};

/**
 * Answers of fixed text. API Gateway's own ones quote the ARNs of caller and API, and the policy's statement that denied.
 * The request id is the one that no caller can choose.
 */
export function addGatewayResponses(
  stack: Stack,
  restApiId: string,
  definition: Definition,
): CfnGatewayResponse[] {
  return GATEWAY_PROBLEMS.map(({ type, ...problem }) => {
    const { status } = problem;
    const headers = { ...HEADERS, ...(status === 429 ? { 'Retry-After': '1' } : {}) };
    const properties = definition.add(type, {
      restApiId,
      responseType: type,
      ...(status === null ? {} : { statusCode: String(status) }),
      responseParameters: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [`gatewayresponse.header.${name}`, `'${value}'`]),
      ),
      responseTemplates: {
        'application/json': JSON.stringify({
          title: problem.title,
          ...(status === null ? {} : { status }),
          code: problem.code,
          detail: problem.detail,
          request_id: '$context.extendedRequestId',
        }),
      },
    });
    return new CfnGatewayResponse(stack, `Answer${type.replaceAll('_', '')}`, properties);
  });
}
