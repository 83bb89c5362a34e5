// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Account } from '../account.ts';
import { CloudFormation, type CloudFormationOptions } from '../cloudformation/service.ts';
import { AwsError, NotModelledError } from '../errors.ts';
import { type Caller, sessionOf } from '../identities.ts';
import { CLOUDFORMATION } from './cloudformation.ts';
import { EC2 } from './ec2.ts';
import type { Endpoint, Machines, Protocol, Request, Response, Surroundings } from './endpoint.ts';
import { DYNAMODB, KMS, LOGS, SERVICE_QUOTAS } from './json-services.ts';
import { AUTO_SCALING, LOAD_BALANCING } from './machines.ts';
import { API_GATEWAY, LAMBDA, signer } from './rest-services.ts';
import { S3 } from './s3.ts';
import { type Credentials, type SignedRequest, scopeOf, verify } from './sigv4.ts';
import { IAM, STS } from './sts-iam.ts';
import { element } from './xml.ts';

/** Credentials of a role or user of the account. */
export interface ServerCredentials extends Credentials {
  /** ARN of the role (a session of it calls) or user. */
  readonly principal: string;
  readonly session?: string;
}

/** A call as hooks see it, before anything is done. */
export interface Observed {
  readonly service: string;
  readonly operation: string;
  /** How many of this operation there were, this one included. */
  readonly count: number;
}

export interface ServerOptions extends CloudFormationOptions {
  readonly account: Account;
  readonly credentials: readonly ServerCredentials[];
  readonly machines?: Machines;
  readonly invoke?: Surroundings['invoke'];
  readonly quotas?: Surroundings['quotas'];
  /** Events of CloudFormation that pass between two looks. 20 by default. */
  readonly pace?: number;
  /** Answers instead of the service: throttling, an outage. */
  readonly intercept?: (call: Observed) => AwsError | undefined;
  /** ms before each answer. */
  readonly latencyMs?: number;
}

export interface AccountServer {
  readonly url: string;
  readonly cloud: (region: string) => CloudFormation;
  /** Calls so far, as `service:Operation`. */
  readonly calls: readonly string[];
  readonly close: () => Promise<void>;
}

/** Everything that AWS SDK clients reach by AWS_ENDPOINT_URL, on one port of the loopback interface. */
export async function startAccountServer(options: ServerOptions): Promise<AccountServer> {
  const clouds = new Map<string, CloudFormation>();
  const cloud = (region: string): CloudFormation => {
    const known = clouds.get(region) ?? new CloudFormation(options.account, region, options);
    clouds.set(region, known);
    return known;
  };
  const on: Surroundings = {
    account: options.account,
    cloud,
    machines: options.machines ?? { health: () => 'healthy' },
    invoke: options.invoke ?? (() => ({ failed: false, answer: {} })),
    quotas: options.quotas ?? {},
    pace: options.pace ?? 20,
  };
  const calls: string[] = [];
  const endpoints = servicesOf();
  const server = createServer((request, response) => {
    void serve(request, response, async (signed) => {
      const scope = scopeOf(signed);
      const endpoint = endpoints[scope.service];
      const protocol = endpoint?.protocol ?? 'json';
      try {
        if (endpoint === undefined)
          throw new AwsError('UnknownOperationException', `${scope.service} is not emulated`, {
            status: 404,
          });
        const credentials = options.credentials.find(({ accessKeyId }) => accessKeyId === scope.accessKeyId);
        verify(signed, credentials, options.account.world.clock.now);
        const operation = operationOf(signed, protocol);
        calls.push(`${scope.service}:${operation}`);
        if (options.latencyMs !== undefined) await delay(options.latencyMs);
        const count = calls.filter((call) => call === `${scope.service}:${operation}`).length;
        const refusal = options.intercept?.({ service: scope.service, operation, count });
        if (refusal !== undefined) throw refusal;
        return {
          protocol,
          answer: endpoint.handle(requestOf(signed, on, callerOf(options, credentials), scope.region)),
        };
      } catch (error) {
        return { protocol, answer: failure(error, protocol) };
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    cloud,
    calls,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function servicesOf(): Readonly<Record<string, Endpoint | undefined>> {
  return {
    apigateway: API_GATEWAY,
    autoscaling: AUTO_SCALING,
    cloudformation: CLOUDFORMATION,
    dynamodb: DYNAMODB,
    ec2: EC2,
    elasticloadbalancing: LOAD_BALANCING,
    iam: IAM,
    kms: KMS,
    lambda: LAMBDA,
    logs: LOGS,
    s3: S3,
    servicequotas: SERVICE_QUOTAS,
    signer: signer(),
    sts: STS,
  };
}

function callerOf({ account }: ServerOptions, credentials: ServerCredentials | undefined): Caller {
  const { world } = account;
  const thing = world.byArn(credentials?.principal ?? '');
  const context = { 'aws:SourceIp': '203.0.113.7' };
  if (thing?.type === 'AWS::IAM::Role')
    return sessionOf(world, thing, credentials?.session ?? 'session', context);
  const arn = credentials?.principal ?? '';
  return { principal: { arn, type: 'user', account: world.account }, context };
}

function requestOf(signed: SignedRequest, on: Surroundings, caller: Caller, region: string): Request {
  return {
    ...signed,
    on,
    caller,
    region,
    authorize: (action, resource, context = {}) =>
      on.account.authorize(caller, { action, resource, region, context }),
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  handle: (signed: SignedRequest) => Promise<{ protocol: Protocol; answer: Response }>,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const url = new URL(request.url ?? '/', 'http://loopback');
  const headers = new Map(
    Object.entries(request.headers).map(([name, value]) => [name, [value].flat().join(',')]),
  );
  const signed: SignedRequest = {
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers,
    body: Buffer.concat(chunks),
  };
  let protocol: Protocol = 'json';
  let answer: Response;
  try {
    ({ protocol, answer } = await handle(signed));
  } catch (error) {
    answer = failure(error, protocol);
  }
  const type = {
    query: 'text/xml',
    ec2: 'text/xml',
    s3: 'application/xml',
    json: 'application/x-amz-json-1.1',
    'rest-json': 'application/json',
  }[protocol];
  response.writeHead(answer.status ?? 200, {
    'Content-Type': type,
    'x-amzn-RequestId': '00000000-0000-4000-8000-000000000000',
    ...answer.headers,
  });
  response.end(answer.body);
}

/** What a call is named, for hooks and counts. */
function operationOf({ method, path, headers, body, query }: SignedRequest, protocol: Protocol): string {
  if (protocol === 'query' || protocol === 'ec2')
    return new URLSearchParams(body.toString()).get('Action') ?? '';
  if (protocol === 'json') return (headers.get('x-amz-target') ?? '').split('.').at(-1) ?? '';
  const marks = ['versions', 'versioning', 'delete'].filter((name) => query.has(name));
  const bucket = protocol === 's3' && path.split('/').filter(Boolean).length === 1;
  return [method, ...(bucket ? ['Bucket'] : []), ...marks].join(' ');
}

/** Codes that services of a protocol have for the same thing. */
const DENIED: Readonly<Record<Protocol, string>> = {
  query: 'AccessDenied',
  ec2: 'UnauthorizedOperation',
  s3: 'AccessDenied',
  json: 'AccessDeniedException',
  'rest-json': 'AccessDeniedException',
};

function failure(error: unknown, protocol: Protocol): Response {
  const known =
    error instanceof AwsError
      ? error
      : new AwsError(
          'InternalFailure',
          error instanceof NotModelledError
            ? `not emulated: ${error.message}`
            : `emulator: ${error instanceof Error ? error.message : 'failed'}`,
          // No retry helps.
          { status: 501 },
        );
  const { message, status } = known;
  let { code } = known;
  if (code === 'AccessDenied') code = DENIED[protocol];
  if (code === 'ExpiredToken' && (protocol === 'json' || protocol === 'rest-json'))
    code = 'ExpiredTokenException';
  if (code === 'InvalidClientTokenId' && protocol !== 'query') {
    code = {
      ec2: 'AuthFailure',
      s3: 'InvalidAccessKeyId',
      json: 'UnrecognizedClientException',
      'rest-json': 'UnrecognizedClientException',
    }[protocol];
  }
  const bodies: Readonly<Record<Protocol, string>> = {
    query: element('ErrorResponse', {
      Error: { Type: 'Sender', Code: code, Message: message },
      RequestId: '0',
    }),
    ec2: element('Response', { Errors: { Error: { Code: code, Message: message } }, RequestID: '0' }),
    s3: element('Error', { Code: code, Message: message }),
    json: JSON.stringify({ __type: code, message }),
    'rest-json': JSON.stringify({ message }),
  };
  const headers = protocol === 'rest-json' ? { 'x-amzn-ErrorType': code } : {};
  return { status, headers, body: bodies[protocol] };
}
