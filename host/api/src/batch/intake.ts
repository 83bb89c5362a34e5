// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Line, LineSplitter } from '../http/lines.ts';

/** What else is there to be had: `end`, the body is over; `lost`, the connection is; `stopped`, it is not read on. */
export type NoLine = 'end' | 'lost' | 'stopped';

/** How long the rest of a body is taken and thrown away, in milliseconds. */
const DRAIN_MS = 1_000;

/** Lines of a request's body, one at a time: what is not asked for is not read, and the caller's connection fills up. */
export class Intake {
  readonly #request: IncomingMessage;
  readonly #splitter: LineSplitter;
  #lines: Iterator<Line> | undefined;
  #chunks: Buffer[] = [];
  #over: NoLine | undefined;
  #wake: (() => void) | undefined;

  /** @param limit bytes of a line */
  constructor(request: IncomingMessage, limit: number) {
    this.#request = request;
    this.#splitter = new LineSplitter(limit);
    request.on('data', this.#came);
    request.once('end', () => this.#ended('end'));
    request.once('close', () => this.#ended(request.readableEnded ? 'end' : 'lost'));
    request.on('error', () => this.#ended('lost'));
    request.pause();
  }

  /** One waits at a time. */
  async next(): Promise<{ readonly line: Line } | NoLine> {
    for (;;) {
      if (this.#over === 'stopped' || this.#over === 'lost') return this.#over;
      const line = this.#lines?.next();
      if (line !== undefined && line.done !== true) return { line: line.value };
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) this.#lines = this.#splitter.push(chunk);
      else if (this.#over === undefined) await this.#more();
      else {
        const [last] = this.#splitter.end();
        return last === undefined ? this.#over : { line: last };
      }
    }
  }

  /** Reads no further: whoever waits for a line is told so. */
  stop(): void {
    this.#ended('stopped');
  }

  /**
   * Takes what still comes, for a second at most, and throws it away: a connection that ends with bytes unread is reset, and the reset
   * can overtake the answer.
   */
  async drain(): Promise<void> {
    const request = this.#request;
    this.stop();
    this.#chunks = [];
    request.off('data', this.#came);
    if (request.complete || request.destroyed) return;
    const done = new AbortController();
    const ended = () => done.abort();
    request.once('end', ended).once('close', ended);
    request.resume();
    await sleep(DRAIN_MS, undefined, { signal: done.signal }).catch(() => undefined);
    request.off('end', ended).off('close', ended);
  }

  readonly #came = (chunk: Buffer): void => {
    this.#chunks.push(chunk);
    this.#request.pause();
    this.#woken();
  };

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#request.resume();
    });
  }

  #ended(how: NoLine): void {
    this.#over ??= how;
    this.#woken();
  }

  #woken(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
