// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { linesIn } from '../import/lines.ts';
import { type Errand, fatal, mayBeDone, takeResult } from './errand.ts';
import { type Flow, pauseAfter } from './flow.ts';
import { type Access, call, codeOf, nameOf, problemOf } from './http.ts';
import type { Sendable } from './row.ts';
import { member } from './schema.ts';

/** Rows of a stream without a result: the vault works at 32 of them, the others are there when those are done. */
const ON_THE_WAY = 64;
/** Then a stream ends and another begins: what stands between here and the vault may hold no connection for ever. */
const ROWS_OF_A_STREAM = 20_000;
/** The vault ends a stream that brings nothing for 30 s. */
const IDLE_MS = 5_000;
/** Without a byte for so long, while rows have no result, the connection is taken for lost. */
const SILENCE_MS = 60_000;
const SILENT = 'no byte came for a minute: if a proxy keeps requests until they are whole, use --batch';
/** A record of 350 KB as JSON, and what expressions make of it. */
const LONGEST_LINE = 16 * 1024 * 1024;

type End =
  | { readonly kind: 'ended' }
  | { readonly kind: 'lost'; readonly why: string; readonly pauseMs?: number };

/** Sends rows by one stream after the other, until there are no more. What was not answered when one breaks off goes back. */
export async function streamLane(flow: Flow, access: Access, errand: Errand): Promise<void> {
  let failures = 0;
  for (let row = await flow.take(); row != null; row = await flow.take()) {
    const stream = new Stream(flow, access, errand);
    const end = await stream.run(row);
    if (stream.answered > 0) failures = 0;
    if (end.kind === 'ended') continue;
    failures += 1;
    await flow.pause(Math.max(end.pauseMs ?? 0, pauseAfter(failures)));
  }
}

class Stream {
  readonly #flow: Flow;
  readonly #errand: Errand;
  readonly #request: ClientRequest;
  readonly #waiting = new Map<number, Sendable>();
  /** Given when nothing more is to be written. */
  readonly #closed = new AbortController();
  #lessWaiting = Promise.withResolvers<void>();
  #heardAt = performance.now();
  /** The call as a whole, before any row of it was looked at. */
  #refused = false;
  answered = 0;

  constructor(flow: Flow, access: Access, errand: Errand) {
    this.#flow = flow;
    this.#errand = errand;
    this.#request = call(access, 'POST', errand.path, { 'content-type': 'application/x-ndjson' });
  }

  async run(first: Sendable): Promise<End> {
    const leave = (): void => this.#close();
    this.#flow.aborted.addEventListener('abort', leave, { once: true });
    const watch = setInterval(() => {
      const owed = this.#waiting.size > 0 || this.#request.writableEnded;
      if (!owed || performance.now() - this.#heardAt < SILENCE_MS) return;
      end.resolve({ kind: 'lost', why: SILENT });
      this.#close();
    }, 1_000);
    const end = Promise.withResolvers<End>();
    let answered = false;
    // Once there is an answer, its reader says how it ended.
    const lost = (why: string): void => {
      if (!answered) end.resolve({ kind: 'lost', why });
    };
    this.#request.on('error', (error) => lost(codeOf(error)));
    this.#request.on('close', () => lost('connection lost'));
    this.#request.on('response', (answer) => {
      answered = true;
      this.#read(answer).then(end.resolve, (error: unknown) =>
        end.resolve({ kind: 'lost', why: codeOf(error) }),
      );
    });
    // Over before it began: that is told to no listener.
    if (this.#flow.aborted.aborted) leave();
    const written = this.#write(first);
    const ended = await end.promise;
    if (!this.#refused) this.#flow.delivered();
    this.#close();
    await written;
    clearInterval(watch);
    this.#flow.aborted.removeEventListener('abort', leave);
    const why = ended.kind === 'lost' ? ended.why : 'the stream ended before its results';
    for (const row of this.#waiting.values()) this.#flow.giveBack(row, why);
    return ended;
  }

  #close(): void {
    this.#closed.abort();
    this.#lessWaiting.resolve();
    this.#request.destroy();
  }

  async #write(first: Sendable): Promise<void> {
    const { signal } = this.#closed;
    if (!signal.aborted && this.#errand.ask !== undefined) this.#request.write(`${this.#errand.ask}\n`);
    let row: Sendable | null | undefined = first;
    for (let index = 0; row != null; ) {
      this.#waiting.set(index, row);
      index += 1;
      if (signal.aborted) return;
      if (!this.#request.write(`${this.#errand.item(row)}\n`))
        await once(this.#request, 'drain', { signal }).catch(() => {});
      while (this.#waiting.size >= ON_THE_WAY && !signal.aborted) await this.#lessWaiting.promise;
      if (index >= ROWS_OF_A_STREAM) break;
      do row = await this.#flow.take({ waitMs: IDLE_MS, signal });
      while (row === undefined && this.#waiting.size > 0 && !signal.aborted);
    }
    if (!signal.aborted) this.#request.end();
  }

  async #read(answer: IncomingMessage): Promise<End> {
    this.#heardAt = performance.now();
    if (answer.statusCode !== 200) return this.#problem(answer);
    this.#flow.delivered();
    for await (const line of linesIn(answer as AsyncIterable<Buffer>, LONGEST_LINE)) {
      this.#heardAt = performance.now();
      const text = line?.toString('utf8');
      const result = text === undefined ? undefined : parse(text);
      if (member(result, 'done') !== undefined) return { kind: 'ended' };
      const stopped = member(result, 'stopped');
      if (stopped !== undefined) return this.#stopped(nameOf(member(stopped, 'code')));
      if (!this.#take(result, text)) return { kind: 'lost', why: 'an answer that is none of this protocol' };
    }
    return { kind: 'lost', why: 'the stream was cut off' };
  }

  async #problem(answer: IncomingMessage): Promise<End> {
    const problem = await problemOf(answer);
    this.#refused = !mayBeDone(problem);
    const error = fatal(problem, this.#errand);
    if (error !== undefined) this.#flow.fail(error);
    return {
      kind: 'lost',
      why: `${problem.status} ${problem.code}`,
      pauseMs: (problem.retryAfter ?? 0) * 1000,
    };
  }

  /** Nothing came for a while, or the answer was full: no failure. Others say why when they are asked anew. */
  #stopped(code: string | undefined): End {
    const harmless = code === 'request_timeout' || code === 'answer_too_large';
    return harmless ? { kind: 'ended' } : { kind: 'lost', why: `stopped: ${code ?? 'unknown'}` };
  }

  #take(result: unknown, text: string | undefined): boolean {
    const index = member(result, 'index');
    const row = typeof index === 'number' ? this.#waiting.get(index) : undefined;
    if (row === undefined || !takeResult(this.#flow, this.#errand, row, result, text)) return false;
    this.#waiting.delete(index as number);
    this.answered += 1;
    this.#lessWaiting.resolve();
    this.#lessWaiting = Promise.withResolvers<void>();
    return true;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
