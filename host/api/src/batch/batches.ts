// SPDX-License-Identifier: Apache-2.0
import type { Log } from '@enclave-vault/parent/log';
import { describeError } from '@enclave-vault/parent/process';
import { type Context, type Principal, Shares, VaultError, type Waiting } from '@enclave-vault/vault';
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../errors.ts';
import { contextOf } from '../http/call.ts';
import type { Meter } from '../observe/meter.ts';
import { AtOnce } from './at-once.ts';
import type { Intake } from './intake.ts';
import { type End, ItemStream } from './item-stream.ts';
import { lineValue } from './items.ts';
import type { Job } from './jobs.ts';
import { Outlet } from './outlet.ts';
import type { ItemRates } from './rates.ts';
import { failed, type Result, resultLine } from './results.ts';
import type { Streams } from './streams.ts';

/**
 * Items of one JSON document that are worked at at once; of one caller, in whatever he sends, how many more may wait; and of all callers
 * in all processes together. An enclave works at 32 and has 64 wait: items, which may wait for their turn here, leave places there to calls for one
 * record, which may not.
 */
const AT_ONCE = 32;
const WAITING = 2_000;
const ITEMS = 64;
/**
 * Items with expressions that one caller has under way; the vault lets no more of his be evaluated. They wait for that before they take a place among
 * all items, which they would keep from others meanwhile.
 */
const EVALUATING = 8;
/** JSON documents at once, of one caller and of all: each holds some megabytes. */
const DOCUMENTS = { ofOne: 16, ofAll: 64 };
const FULL_SECONDS = 1;
/** Bytes of a JSON document's results. */
const ANSWER_BYTES = 4 * 1024 * 1024;
/** The caller of a stream is authenticated anew when an item is begun so long after the last time, in milliseconds. */
const AGAIN_MS = 1_000;

export interface BatchParts {
  readonly meter: Meter;
  readonly log: Log;
  readonly streams: Streams;
  readonly rates: Readonly<Record<Job['operation'], ItemRates>>;
  /** Finds out anew who sent a request. @throws {VaultError} @throws {ApiError} */
  readonly authenticate: (request: FastifyRequest) => Promise<Principal>;
  /** Of an item of a stream that begins now: milliseconds since the epoch. */
  readonly deadline: () => number;
  /** What an item waits for its rate at most, and what a stream does without a line: milliseconds. */
  readonly times: { readonly pace: number; readonly idle: number };
  /** Of a stream: bytes of its answer, and items. */
  readonly most: { readonly answer: number; readonly items: number };
  /** That work before the same enclaves, each with its part of the items. */
  readonly processes: number;
}

/** Does items of many: together as a document, or one by one as they come. */
export class Batches {
  readonly #parts: BatchParts;
  readonly #shares: Shares;
  readonly #evaluating: Shares;
  readonly #documents = new AtOnce(DOCUMENTS);

  constructor(parts: BatchParts) {
    this.#parts = parts;
    const all = Math.max(1, Math.floor(ITEMS / parts.processes));
    this.#shares = new Shares({ running: all, waiting: WAITING, all });
    const evaluating = Math.max(1, Math.min(EVALUATING, Math.floor(all / 2)));
    this.#evaluating = new Shares({ running: evaluating, waiting: WAITING });
  }

  /**
   * @returns the document, each result in its item's place: what goes wrong is an item's own
   * @throws {ApiError} `rate_limited` for too many documents: no item was begun
   */
  async document(request: FastifyRequest, job: Job, items: readonly unknown[]): Promise<string> {
    const leave = this.#documents.enter(contextOf(request).principal.actor);
    if (leave === undefined) throw new ApiError('rate_limited', { retryAfter: FULL_SECONDS });
    // Its items wait for turns of their own; as work, a few documents of one caller would be all that a vault takes.
    request.call.place?.rest();
    try {
      return await this.#results(request, job, items);
    } finally {
      leave();
    }
  }

  async #results(request: FastifyRequest, job: Job, items: readonly unknown[]): Promise<string> {
    const context = contextOf(request);
    const results: string[] = [];
    let left = ANSWER_BYTES;
    let next = 0;
    const one = async (item: unknown, index: number): Promise<Result> => {
      if (left <= 0) return failed(new ApiError('answer_too_large'), job.idOf(item));
      const retryAfter = this.#parts.rates[job.operation].take(context.principal.actor);
      if (retryAfter > 0) return failed(new ApiError('rate_limited', { retryAfter }), job.idOf(item));
      const result = await this.#do(
        job,
        () => item,
        index,
        () => context,
        context.deadline,
      );
      // What was begun before the others' answers took the room.
      const bytes = Buffer.byteLength(result.text);
      if (bytes > left) return failed(new ApiError('answer_too_large'), job.idOf(item));
      left -= bytes;
      return result;
    };
    const lane = async (): Promise<void> => {
      for (let index = next++; index < items.length; index = next++) {
        const result = await one(items[index], index);
        this.#parts.meter.count('batch_items_total', { operation: job.operation, result: result.code });
        results[index] = resultLine(index, result);
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, lane));
    return `{"results":[${results.join(',')}]}`;
  }

  /**
   * Streams: the answer is what is returned, the rest goes on by itself.
   * @param open reads what stands before the items, and says what is done with them
   * @throws what `open` throws, and {ApiError} `rate_limited` for too many streams: nothing was answered yet
   */
  async stream(request: FastifyRequest, intake: Intake, open: () => Promise<Job>): Promise<Outlet> {
    const { streams, times, most, meter } = this.#parts;
    const { principal } = contextOf(request);
    let stream: ItemStream | undefined;
    const outlet = new Outlet(() => stream?.progressed());
    const { ended } = await streams.open(principal.actor, async () => {
      const job = await open();
      const caller = this.#caller(request, job);
      stream = new ItemStream(intake, outlet, {
        idleMs: times.idle,
        most,
        admit: caller.admit,
        work: async (line, index) => {
          const result = await this.#do(job, () => lineValue(line), index, caller.context);
          meter.count('batch_items_total', { operation: job.operation, result: result.code });
          return result;
        },
      });
      return stream;
    });
    void ended.then((end) => this.#ended(request, end, stream));
    return outlet;
  }

  /** Who sends a stream, which may change while it goes on. */
  #caller(request: FastifyRequest, job: Job) {
    const { rates, authenticate, deadline, times } = this.#parts;
    const known = contextOf(request);
    let { principal } = known;
    let since = performance.now();
    return {
      context: (): Context => ({ principal, requestId: known.requestId, deadline: deadline() }),
      admit: async (signal: AbortSignal): Promise<number> => {
        const seconds = await rates[job.operation].pace(principal.actor, times.pace, signal);
        if (performance.now() - since > AGAIN_MS) {
          principal = await authenticate(request);
          since = performance.now();
        }
        demandLive(principal);
        return seconds;
      },
    };
  }

  /**
   * @param value reads the item
   * @param call the call that the item is of, when its turn has come
   * @param until when that is too late, in milliseconds since the epoch: an item of a stream has its time from its turn on
   */
  async #do(
    job: Job,
    value: () => unknown,
    index: number,
    call: () => Context,
    until?: number,
  ): Promise<Result> {
    const { actor } = call().principal;
    const waiting = (): Waiting => (until === undefined ? {} : { ms: Math.max(0, until - Date.now()) });
    let id: string | undefined;
    let at = '';
    try {
      const work = async (): Promise<Result> => {
        const { requestId, ...context } = call();
        const item = value();
        id = job.idOf(item);
        const task = job.task(item, index);
        at = job.at;
        const text = await task.run({ ...context, requestId: itemId(requestId, index) });
        return { text, code: 'ok' };
      };
      const run = () => this.#shares.run(actor, work, waiting());
      return await (job.evaluates ? this.#evaluating.run(actor, run, waiting()) : run());
    } catch (error) {
      const result = failed(error, id, at);
      this.#parts.rates[job.operation].answered(actor, result.code, job.operation === 'decrypt');
      if (error instanceof Error && !('status' in error)) this.#failure(error, call().requestId);
      return result;
    }
  }

  #failure(error: Error, requestId: string): void {
    this.#parts.log('error', 'program_error', { request_id: requestId, ...describeError(error) });
  }

  #ended({ id }: FastifyRequest, end: End, stream: ItemStream | undefined): void {
    const { results = 0, errors = 0 } = stream ?? {};
    this.#parts.log('info', 'stream_ended', { request_id: id, end, results, errors });
  }
}

/** Rights that have ended refuse no item, but end the stream: its items may be sent again with others. @throws {VaultError} `unauthenticated` */
function demandLive({ expires }: Principal): void {
  if (expires !== null && expires <= Date.now() * 1_000) throw new VaultError('unauthenticated');
}

/** Of an item, in the audit: the call's with the index behind it, 128 characters at most. */
function itemId(requestId: string, index: number): string {
  return `${requestId.slice(0, 110)}.${index}`;
}
