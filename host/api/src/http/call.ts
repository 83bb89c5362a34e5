// SPDX-License-Identifier: Apache-2.0
import type { Context, Principal } from '@enclave-vault/vault';
import type { FastifyRequest } from 'fastify';
import type { Place } from './load-limit.ts';

declare module 'fastify' {
  interface FastifyRequest {
    call: Call;
  }
  interface FastifyContextConfig {
    /** Answered without credentials. All other routes demand them. */
    public?: boolean;
  }
}

/** What is known of one request. */
export interface Call {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  /** Milliseconds, monotonic. */
  readonly startedAt: number;
  principal: Principal | null;
  /** Among those that are under way. Routes without credentials have none. */
  place: Place | undefined;
  /** The code of the problem it was answered with. */
  problem: string | null;
  /** It was logged and counted. */
  ended: boolean;
}

/** The vault's context of an authenticated request. */
export function contextOf(request: FastifyRequest): Context {
  const { principal, id, deadline } = request.call;
  // Routes that are not public are never reached without one; a mistake there must not become a right.
  if (principal === null) throw new TypeError('a route without credentials asked for a principal');
  return { principal, requestId: id, deadline };
}
