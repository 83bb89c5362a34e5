// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, Server } from 'node:http';

/** Node's own error for a request that does not arrive in time: answered by the same handler, with 408. */
class RequestTimeout extends Error {
  readonly code = 'ERR_HTTP_REQUEST_TIMEOUT';
}

/**
 * Ends connections whose request's body does not arrive in time. Node's own limit (`requestTimeout`) is one for a whole server and
 * ends streams that are well under way as well; this one lets those go that are told to be streams.
 */
export class Arrivals {
  readonly #limitMs: number;
  /** Requests whose bodies are awaited, and since when (milliseconds, monotonic), in the order of their coming. */
  readonly #awaited = new Map<IncomingMessage, number>();

  /** @param limitMs from a request's head to its body's end */
  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** Watches all requests of a server, until it is closed. @param checkMs how often they are looked at */
  watch(server: Server, checkMs: number): void {
    const came = (request: IncomingMessage) => this.#came(request);
    server.prependListener('request', came);
    server.prependListener('checkExpectation', came);
    const timer = setInterval(() => this.#look(server), checkMs).unref();
    server.once('close', () => clearInterval(timer));
  }

  /** A stream, which takes its time, and is watched by whoever reads it. */
  release(request: IncomingMessage): void {
    this.#awaited.delete(request);
  }

  #came(request: IncomingMessage): void {
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
    // Neither: there is no body (RFC 9112 section 6.3).
    if (encoding === undefined && (length === undefined || length === '0')) return;
    this.#awaited.set(request, performance.now());
  }

  #look(server: Server): void {
    const late = performance.now() - this.#limitMs;
    for (const [request, since] of this.#awaited) {
      const over = request.complete || request.socket.destroyed;
      if (!over && since > late) continue;
      this.#awaited.delete(request);
      if (!over) server.emit('clientError', new RequestTimeout(), request.socket);
    }
  }
}
