// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { finished } from 'node:stream';
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify';
import { Authenticator } from './auth/authenticate.ts';
import { OidcVerifier } from './auth/oidc.ts';
import { registerBatches } from './batch/register.ts';
import { ApiError } from './errors.ts';
import { Arrivals } from './http/arrivals.ts';
import { registerBodyParser, validatorCompiler } from './http/body.ts';
import { answerClientError } from './http/client-error.ts';
import { refuseCodings } from './http/codings.ts';
import { drain } from './http/drain.ts';
import { checkSingleHeaders, REQUEST_ID_HEADER, RESPONSE_HEADERS } from './http/headers.ts';
import { isServedHost } from './http/host-check.ts';
import { DEFAULT_LOAD_LIMIT, LoadLimit, type Place } from './http/load-limit.ts';
import { RouteTable } from './http/not-found.ts';
import { PROBLEM_TYPE, toProblem } from './http/problems.ts';
import { auditedRefusal } from './http/refusal.ts';
import { Takings } from './http/takings.ts';
import { hourly, TokenBuckets } from './http/token-bucket.ts';
import { meters } from './observe/meter.ts';
import { Metrics } from './observe/metrics.ts';
import { observe } from './observe/observe.ts';
import { recordKeyCounts } from './observe/record-keys.ts';
import { registerDocumentRoutes, registerOpenApi } from './openapi.ts';
import { type AppOptions, DEFAULT_RATES, DEFAULT_TIMEOUTS, type HttpTimeouts } from './options.ts';
import { attestationRoutes } from './routes/attestation.ts';
import { auditRoutes } from './routes/audit.ts';
import { decryptRoutes } from './routes/decrypt.ts';
import { keyRoutes } from './routes/keys.ts';
import { systemRoutes } from './routes/system.ts';
import { vaultRoutes } from './routes/vaults.ts';

const BODY_LIMIT = 1024 * 1024;
const MAX_HEADER_BYTES = 16 * 1024;
/** Before a caller who has as many requests under way as one may have tries again. */
const FULL_SECONDS = 1;
/** Decryptions an hour of a caller in this process, however many there are: one at once, and one more. */
const LEAST_SHARE = 2;

/** The HTTP application over a vault. It does not listen. */
export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const { vault, schema, health } = options;
  const rates = { ...DEFAULT_RATES, ...options.rates };
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const metrics = new Metrics();
  const figures = options.figures ?? (async () => '');
  const meter = options.meter === undefined ? metrics : meters(metrics, options.meter);
  const ingress = options.ingress ?? (() => undefined);
  const app = makeServer(options, timeouts);
  const table = new RouteTable();
  const refusals = new TokenBuckets(rates.refusals);

  table.watch(app);
  registerBodyParser(app);
  app.setErrorHandler(async (error, request, reply) => {
    if (toProblem(error, request.id).problem.code === 'body_too_large') await drain(request.raw);
    sendProblem(error, request, reply);
    const actor = auditedRefusal(request);
    if (actor !== undefined) refusals.take(actor);
    return reply;
  });
  app.setNotFoundHandler((request, reply) => sendProblem(table.refuse(request), request, reply));

  observe(app, { log: options.log, meter, ingress, deadlineMs: timeouts.deadline });
  const recordKeys = options.recordKeys ?? (() => undefined);
  const countRecordKeys = recordKeyCounts(recordKeys, meter);
  app.addHook('onRequest', async () => countRecordKeys());
  app.addHook('onResponse', async () => countRecordKeys());
  const requests = new TokenBuckets(rates.requests);
  const authenticator = new Authenticator({
    apiKeys: (token) => vault().authenticate(token),
    oidc: new OidcVerifier(options.oidc ?? []),
    failures: new TokenBuckets(rates.failures),
    keyFailures: new TokenBuckets(rates.failures),
  });
  guard(app, options, table, { authenticator, requests, refusals });

  await registerOpenApi(app);
  const attestations = new TokenBuckets(rates.attestations);
  const share = Math.max(LEAST_SHARE, rates.decryptsPerHour / (options.processes ?? 1));
  const decrypts = [new TokenBuckets(rates.decrypts), new TokenBuckets(hourly(share))];
  const shown = { health, metrics, figures, recordKeys };
  const dependencies = { vault, schema, meter, attestations, decrypts, peers: options.peers, ...shown };
  for (const routes of [
    vaultRoutes,
    decryptRoutes,
    auditRoutes,
    keyRoutes,
    attestationRoutes,
    systemRoutes,
  ]) {
    routes(app, dependencies);
  }
  const arrivals = new Arrivals(timeouts.request);
  arrivals.watch(app.server, timeouts.check);
  new Takings(timeouts.take).watch(app.server, timeouts.check);
  const buckets = { requests, refusals };
  await registerBatches(app, options, {
    ...{ vault, schema, meter, authenticator, buckets, decrypts, timeouts, arrivals },
  });
  await registerDocumentRoutes(app, { ui: options.ui ?? true });
  return app;
}

function makeServer({ tls, log, ingress }: AppOptions, timeouts: HttpTimeouts): FastifyInstance {
  const http = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: timeouts.headers,
    connectionsCheckingInterval: timeouts.check,
    noDelay: true,
  };
  const shared = {
    bodyLimit: BODY_LIMIT,
    // One for all of a server, streams too: the limit is kept in http/arrivals.ts.
    requestTimeout: 0,
    keepAliveTimeout: timeouts.keepAlive,
    // Requests that come while the server closes are answered; their connections end.
    return503OnClosing: false,
    forceCloseConnections: 'idle' as const,
    schemaController: { compilersFactory: compilers() },
    genReqId: () => ingress?.()?.requestId ?? `req_${randomUUID()}`,
    frameworkErrors: sendProblem,
    clientErrorHandler: (error: Error, socket: import('node:net').Socket) =>
      answerClientError(error, socket, log),
  };
  const app: FastifyInstance =
    tls === undefined
      ? Fastify({ ...shared, http })
      : (Fastify({
          ...shared,
          https: { ...http, ...tls, minVersion: 'TLSv1.2' },
        }) as unknown as FastifyInstance);
  // Node's own answer would be without our headers.
  app.server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    app.routing(request, response);
  });
  return app;
}

type Compilers = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>;

/** In place of the framework's own, which are then not even loaded. */
function compilers(): Compilers {
  const own = {
    buildValidator: () => validatorCompiler(),
    // What a handler returns is what the caller gets: nothing is coerced or left out to fit a schema.
    buildSerializer: () => () => (value: unknown) => JSON.stringify(value),
  };
  // Its types want errors in Ajv's own shape.
  return own as unknown as Compilers;
}

/** What every request must pass before its body is read. */
function guard(
  app: FastifyInstance,
  { allowedHosts = [], ingress }: AppOptions,
  table: RouteTable,
  {
    authenticator,
    requests,
    refusals,
  }: { authenticator: Authenticator } & Record<'requests' | 'refusals', TokenBuckets>,
): void {
  const hosts = new Set(allowedHosts === 'any' ? [] : allowedHosts);
  const served = (host: string | undefined) => allowedHosts === 'any' || isServedHost(host, hosts);
  const load = new LoadLimit(DEFAULT_LOAD_LIMIT);
  app.addHook('preValidation', async ({ call }) => {
    if (call.place?.resume() === false) throw new ApiError('overloaded');
  });
  app.addHook('onSend', async ({ call }) => call.place?.answered());
  app.addHook('onRoute', (route) => {
    const { handler } = route;
    route.handler = async function (request, reply) {
      const { place } = request.call;
      if (place === undefined) return await handler.call(this, request, reply);
      // Nobody is there for whom it would be done.
      if (!place.begin()) return reply.hijack();
      try {
        return await handler.call(this, request, reply);
      } finally {
        place.end();
      }
    };
  });
  app.addHook('onRequest', async (request, reply) => {
    checkSingleHeaders(request.raw.rawHeaders);
    if (!served(request.headers.host)) throw new ApiError('host_not_served');
    // A target in absolute form has a host of its own, which goes before the header's (RFC 9112 section 3.2.2).
    const target = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(request.raw.url ?? '');
    if (target !== null && !served(target[1])) throw new ApiError('host_not_served');
    // RFC 9110 section 10.1.1: 100-continue is the only expectation there is, and Node meets it.
    if (!/^(?:100-continue)?$/i.test(request.headers.expect ?? '')) throw new ApiError('expectation_failed');
    refuseCodings(request.headers);
    // Before anything of the body is read.
    if (request.is404) throw table.refuse(request);
    if (request.routeOptions.config.public === true) return;
    // Before anything is done for it: what is refused must cost next to nothing.
    const place = load.enter();
    if (place === undefined) throw new ApiError('overloaded');
    request.call.place = place;
    // Not the framework's onResponse: there is none when the connection is lost before the answer.
    finished(reply.raw, () => place.leave());
    const known = ingress?.()?.principal;
    if (known === null) throw new ApiError('identity_not_mapped');
    const find = () => authenticator.authenticate(request.headers.authorization, request.ip);
    const principal = known ?? (await within(place, find));
    const full = place.belongs(principal.actor);
    if (full !== undefined)
      throw new ApiError(full, full === 'rate_limited' ? { retryAfter: FULL_SECONDS } : {});
    const retryAfter = requests.take(principal.actor) || refusals.due(principal.actor);
    if (retryAfter > 0) throw new ApiError('rate_limited', { retryAfter });
    request.call.principal = principal;
    // His body may take its time.
    if (!request.raw.complete) place.rest();
  });
}

/** Work of a request, which keeps its place until it is over, also when the caller goes away. */
async function within<T>(place: Place, work: () => Promise<T>): Promise<T> {
  place.begin();
  try {
    return await work();
  } finally {
    place.end();
  }
}

/** Answers with a problem document, whatever went wrong. */
function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { problem, headers } = toProblem(error, request.id);
  // The framework's own errors come here without its hooks.
  if (request.call !== undefined) request.call.problem = problem.code;
  reply
    .code(problem.status)
    .headers({ ...RESPONSE_HEADERS, ...headers, [REQUEST_ID_HEADER]: request.id })
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(problem));
}
