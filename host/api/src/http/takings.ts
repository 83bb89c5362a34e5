// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Bytes of answers that may lie here untaken, of one process: some forty of the largest, or all of a thousand requests with 256 KiB each. */
export const MOST_UNTAKEN_BYTES = 256 * 1024 * 1024;

interface Answer {
  readonly response: ServerResponse;
  /** Of its request: an answer behind another of the same connection has none yet. */
  readonly socket: Socket;
  /** When all of it was found written (milliseconds, monotonic); undefined: it is not yet. */
  since: number | undefined;
}

/**
 * Ends connections whose caller does not take what was written for him. Node has no limit for that but one of silence, which a byte now and then
 * keeps: each answer would lie in memory as long as he likes. A stream's answer counts from its last line; before that it is watched by whoever writes it.
 * One that waits behind others of its connection counts like them, or a queue of them would have the time of each. Where all of them together are
 * too much for the memory, those end that wait longest.
 */
export class Takings {
  readonly #limitMs: number;
  readonly #mostBytes: number;
  /** Answers that are not out, in the order of their requests. */
  readonly #open = new Set<Answer>();

  /**
   * @param limitMs from an answer's last byte to its being taken
   * @param mostBytes of all answers that are not
   */
  constructor(limitMs: number, mostBytes = MOST_UNTAKEN_BYTES) {
    this.#limitMs = limitMs;
    this.#mostBytes = mostBytes;
  }

  /** Watches all answers of a server, until it is closed. @param checkMs how often they are looked at */
  watch(server: Server, checkMs: number): void {
    const came = ({ socket }: IncomingMessage, response: ServerResponse) => {
      const answer: Answer = { response, socket, since: undefined };
      this.#open.add(answer);
      response.once('close', () => this.#open.delete(answer));
    };
    server.prependListener('request', came);
    server.prependListener('checkExpectation', came);
    const timer = setInterval(() => this.#look(), checkMs).unref();
    server.once('close', () => clearInterval(timer));
  }

  #look(): void {
    const now = performance.now();
    const waiting: (Answer & { readonly since: number })[] = [];
    let bytes = 0;
    for (const answer of this.#open) {
      const { response, socket, since } = answer;
      if (!response.writableEnded || socket.destroyed) continue;
      bytes += response.writableLength;
      if (since === undefined) answer.since = now;
      else if (now - since > this.#limitMs) socket.destroy();
      else waiting.push({ ...answer, since });
    }
    if (bytes <= this.#mostBytes) return;
    // Seen before, so waited for: an answer that was written a moment ago is on its way to who takes it.
    for (const { response, socket } of waiting.sort((a, b) => a.since - b.since)) {
      if (!socket.destroyed) socket.destroy();
      bytes -= response.writableLength;
      if (bytes <= this.#mostBytes) return;
    }
  }
}
