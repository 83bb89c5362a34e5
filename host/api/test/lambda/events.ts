// SPDX-License-Identifier: Apache-2.0
import { randomBytes, randomUUID } from 'node:crypto';
import type { LambdaContext } from '../../src/lambda/context.ts';

export interface EventOptions {
  /** Path and query as the caller sends them. */
  readonly target?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
  readonly stage?: string;
  /** Members of requestContext.identity. */
  readonly identity?: object;
  /** requestContext.authorizer. */
  readonly authorizer?: object | null;
  /** Over everything else. */
  readonly more?: object;
  readonly context?: object;
}

/**
 * An event of a REST API's proxy integration, member for member as the API Gateway Developer Guide shows it ("Input
 * format of a Lambda function for proxy integration"). The query arrives decoded, the path as it was sent.
 */
export function restEvent(method: string, target: string, options: EventOptions = {}) {
  const { stage = 'prod', body = null, isBase64Encoded = false, identity = {}, authorizer = null } = options;
  const { pathname, searchParams } = new URL(`http://gateway${target}`);
  const path = target.split('?', 1)[0] ?? pathname;
  const all = Object.entries({
    Host: 'abcdef1234.execute-api.eu-central-1.amazonaws.com',
    'User-Agent': 'test',
    'X-Amzn-Trace-Id': 'Root=1-65f0c0de-0123456789abcdef01234567',
    'X-Forwarded-For': '192.0.2.1',
    'X-Forwarded-Port': '443',
    'X-Forwarded-Proto': 'https',
    ...options.headers,
  }).map(([name, value]) => [name, typeof value === 'string' ? [value] : [...value]] as const);
  const names = [...new Set(searchParams.keys())];
  const query = names.map((name) => [name, searchParams.getAll(name)] as const);
  const last = (pairs: readonly (readonly [string, readonly string[]])[]) =>
    Object.fromEntries(pairs.map(([name, values]) => [name, values.at(-1)]));
  const requestId = randomUUID();
  return {
    resource: '/{proxy+}',
    path,
    httpMethod: method,
    headers: last(all),
    multiValueHeaders: Object.fromEntries(all),
    queryStringParameters: query.length === 0 ? null : last(query),
    multiValueQueryStringParameters: query.length === 0 ? null : Object.fromEntries(query),
    pathParameters: { proxy: path.slice(1) },
    stageVariables: null,
    requestContext: {
      resourceId: '123456',
      resourcePath: '/{proxy+}',
      httpMethod: method,
      extendedRequestId: randomBytes(11).toString('base64'),
      requestTime: '09/Apr/2026:12:34:56 +0000',
      path: `/${stage}${path}`,
      accountId: '111122223333',
      protocol: 'HTTP/1.1',
      stage,
      domainPrefix: 'abcdef1234',
      requestTimeEpoch: Date.now(),
      requestId,
      identity: {
        cognitoIdentityPoolId: null,
        accountId: null,
        cognitoIdentityId: null,
        caller: null,
        sourceIp: '192.0.2.1',
        principalOrgId: null,
        accessKey: null,
        cognitoAuthenticationType: null,
        cognitoAuthenticationProvider: null,
        userArn: null,
        userAgent: 'test',
        user: null,
        ...identity,
      },
      domainName: 'abcdef1234.execute-api.eu-central-1.amazonaws.com',
      deploymentId: 'dep123',
      apiId: 'abcdef1234',
      ...(authorizer === null ? {} : { authorizer }),
      ...options.context,
    },
    body,
    isBase64Encoded,
    ...options.more,
  };
}

/** What Lambda hands to the handler beside the event. @param remainingMs until it ends the function */
export function lambdaContext(remainingMs = 29_000): LambdaContext {
  const end = Date.now() + remainingMs;
  return {
    awsRequestId: randomUUID(),
    functionName: 'enclave-vault-api',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:eu-central-1:111122223333:function:enclave-vault-api',
    memoryLimitInMB: '1024',
    getRemainingTimeInMillis: () => end - Date.now(),
  };
}
