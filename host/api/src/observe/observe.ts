// SPDX-License-Identifier: Apache-2.0
import { finished } from 'node:stream';
import type { Log } from '@enclave-vault/parent/log';
import { describeError } from '@enclave-vault/parent/process';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import '../http/call.ts';
import { VaultError } from '../errors.ts';
import { REQUEST_ID_HEADER, RESPONSE_HEADERS } from '../http/headers.ts';
import type { Ingress } from '../http/ingress.ts';
import { toProblem } from '../http/problems.ts';
import type { Meter } from './meter.ts';

export interface Observers {
  log: Log;
  meter: Meter;
  ingress: () => Ingress | undefined;
  /** Milliseconds from a request's start to its deadline. */
  deadlineMs: number;
}

/** Looks at the health of the vault come every few seconds: they are counted and not logged. */
const QUIET: ReadonlySet<string> = new Set(['/health', '/metrics']);

/**
 * Begins and ends every call: its deadline, the headers of every response, a line in the log, figures. The log
 * has the route's pattern and not the path, which may hold anything; no query, no header, no body.
 */
export function observe(app: FastifyInstance, { log, meter, ingress, deadlineMs }: Observers): void {
  app.decorateRequest('call');
  app.addHook('onRequest', async (request, reply) => {
    request.call = {
      id: request.id,
      deadline: Math.min(Date.now() + deadlineMs, ingress()?.deadline ?? Number.POSITIVE_INFINITY),
      startedAt: performance.now(),
      principal: null,
      place: undefined,
      problem: null,
      ended: false,
    };
    meter.started();
    // The framework's onResponse tells of answers that got out. Of others the connection's end does.
    finished(reply.raw, (error) => {
      if (error) ended(request, 'lost');
    });
  });
  app.addHook('onSend', async (request, reply) => {
    reply.headers({ ...RESPONSE_HEADERS, [REQUEST_ID_HEADER]: request.id });
  });
  app.addHook('onError', async (request, _reply, error) => {
    // The vault reports its own; what a caller did wrong is no error of the program.
    if (error instanceof VaultError || toProblem(error, request.id).problem.code !== 'internal') return;
    log('error', 'program_error', { request_id: request.id, ...describeError(error) });
  });
  app.addHook('onResponse', async (request, reply) => ended(request, reply.statusCode));

  /** @param status `lost`: nobody was there to take the answer any more */
  function ended(request: FastifyRequest, status: number | 'lost'): void {
    const { principal, problem, startedAt } = request.call;
    if (request.call.ended) return;
    request.call.ended = true;
    const route = routeOf(request);
    const ms = performance.now() - startedAt;
    const method = METHODS.has(request.method) ? request.method : 'other';
    meter.finished({ method, route, status: String(status) }, ms / 1000);
    if (problem !== null) meter.count('problems_total', { code: problem });
    if (QUIET.has(route) && (status === 'lost' || status < 400)) return;
    log(status !== 'lost' && status >= 500 ? 'warn' : 'info', 'request', {
      method,
      route,
      status,
      ms: Math.round(ms * 10) / 10,
      request_id: request.id,
      ...(principal === null ? {} : { actor: principal.actor, tenant: principal.tenant }),
      ...(problem === null ? {} : { code: problem }),
    });
  }
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'PUT', 'OPTIONS']);

function routeOf(request: FastifyRequest): string {
  // The router writes a colon that begins no parameter twice.
  return request.is404 ? 'unmatched' : (request.routeOptions.url?.replaceAll('::', ':') ?? 'unmatched');
}
