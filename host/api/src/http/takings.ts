// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/**
 * Ends connections whose caller does not take what was written for him. Node has no limit for that but one of silence, which a byte now and then
 * keeps: each answer would lie in memory as long as he likes. A stream's answer counts from its last line; before that it is watched by whoever writes it.
 */
export class Takings {
  readonly #limitMs: number;
  /** Answers that are not out, and since when all of each has been written (milliseconds, monotonic); undefined: it is not yet. */
  readonly #open = new Map<ServerResponse, number | undefined>();

  /** @param limitMs from an answer's last byte to its being taken */
  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** Watches all answers of a server, until it is closed. @param checkMs how often they are looked at */
  watch(server: Server, checkMs: number): void {
    const came = (_request: IncomingMessage, response: ServerResponse) => {
      this.#open.set(response, undefined);
      response.once('close', () => this.#open.delete(response));
    };
    server.prependListener('request', came);
    server.prependListener('checkExpectation', came);
    const timer = setInterval(() => this.#look(), checkMs).unref();
    server.once('close', () => clearInterval(timer));
  }

  #look(): void {
    const now = performance.now();
    for (const [response, since] of this.#open) {
      // One that waits behind another of the same connection has no socket yet: the other is watched.
      if (!response.writableEnded || response.socket === null) continue;
      if (since === undefined) this.#open.set(response, now);
      else if (now - since > this.#limitMs) response.socket.destroy();
    }
  }
}
