// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { linesIn } from '../../src/import/lines.ts';

export const KEY = 'evk_01HV1XW70Q03PHK892JFQAY0Z5_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG';

/** What a vault has, whichever process answers for it. */
export class FakeRecords {
  readonly byId = new Map<string, Record<string, unknown>>();
  readonly byKey = new Map<string, { readonly body: string; readonly id: string }>();
  /** Ids in the order they were asked for. */
  readonly decrypted: string[] = [];

  create(fields: Record<string, unknown>, key: string | undefined): { id?: string; code?: string } {
    if ('bad' in fields) return { code: 'invalid' };
    const body = JSON.stringify(fields);
    const before = key === undefined ? undefined : this.byKey.get(key);
    if (before !== undefined)
      return before.body === body ? { id: before.id } : { code: 'idempotency_key_reused' };
    const id = `v_${String(this.byId.size + 1).padStart(26, '0')}`;
    this.byId.set(id, fields);
    if (key !== undefined) this.byKey.set(key, { body, id });
    return { id };
  }
}

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly retryAfter?: number;
}

/** What goes wrong, asked before each item with how many there were: nothing by default. */
export interface Faults {
  /** Errors in place of an item's result. */
  readonly error?: (nth: number) => string | undefined;
  /** Seconds that such an error asks to wait. */
  readonly retryAfter?: number;
  /** The connection is cut: before the item is done, or after it and before the answer. */
  readonly cut?: (nth: number) => 'before' | 'after' | undefined;
  /** The stream ends with this code, after this item. */
  readonly stopped?: (nth: number) => string | undefined;
  /** Items at once, and whether they come out of order. */
  readonly shuffled?: boolean;
  /** An answer to the whole call. */
  readonly problem?: (call: number) => Answer | undefined;
  /** After each item that was done. */
  readonly done?: (nth: number) => void;
}

/** The routes for many records (docs/batch.md), in memory, over real connections. */
export class FakeVault {
  readonly records: FakeRecords;
  readonly #faults: Faults;
  readonly #server: Server;
  #port = 0;
  items = 0;
  calls = 0;

  private constructor(records: FakeRecords, faults: Faults) {
    this.records = records;
    this.#faults = faults;
    this.#server = createServer((request, response) => {
      void this.#answer(request, response).catch(() => response.destroy());
    });
  }

  static async open(faults: Faults = {}, records = new FakeRecords()): Promise<FakeVault> {
    const vault = new FakeVault(records, faults);
    await new Promise<void>((resolve) => vault.#server.listen(0, '127.0.0.1', resolve));
    vault.#port = (vault.#server.address() as AddressInfo).port;
    return vault;
  }

  /** The same when nobody answers there any more. */
  get url(): URL {
    return new URL(`http://127.0.0.1:${this.#port}`);
  }

  /** At once, as a process that is killed. */
  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/v1/openapi.json') return void response.end(JSON.stringify(DOCUMENT));
    this.calls += 1;
    const problem =
      request.headers.authorization === `Bearer ${KEY}`
        ? this.#faults.problem?.(this.calls)
        : { status: 401, code: 'unauthenticated' };
    if (problem !== undefined) {
      const { status, code, retryAfter }: Answer = problem;
      if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
      response.writeHead(status);
      return void response.end(JSON.stringify({ status, code, detail: 'no' }));
    }
    const create = request.url === '/v1/vaults:batch';
    if (request.headers['content-type'] === 'application/x-ndjson')
      await this.#stream(request, response, create);
    else await this.#document(request, response, create);
  }

  async #stream(request: IncomingMessage, response: ServerResponse, create: boolean): Promise<void> {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.flushHeaders();
    let index = 0;
    let ask: Record<string, unknown> | undefined;
    let stopped: string | undefined;
    const working = new Set<Promise<void>>();
    for await (const line of linesIn(request as AsyncIterable<Buffer>, 1024 * 1024)) {
      const item = JSON.parse(line?.toString('utf8') ?? '{}') as Record<string, unknown>;
      if (!create && ask === undefined) {
        ask = item;
        continue;
      }
      const work = this.#item(index++, item, ask, response, (code) => {
        stopped = code;
      }).finally(() => working.delete(work));
      working.add(work);
      if (working.size >= 32) await Promise.race(working);
      if (stopped !== undefined) break;
    }
    await Promise.all(working);
    const ending = { results: index, errors: 0 };
    response.end(
      `${JSON.stringify(stopped === undefined ? { done: ending } : { stopped: { code: stopped, ...ending } })}\n`,
    );
  }

  async #item(
    index: number,
    item: Record<string, unknown>,
    ask: Record<string, unknown> | undefined,
    response: ServerResponse,
    stop: (code: string) => void,
  ): Promise<void> {
    const nth = ++this.items;
    if (this.#faults.shuffled === true) await sleep(Math.random() * 4);
    const cut = this.#faults.cut?.(nth);
    if (cut === 'before') return void response.destroy();
    const result = this.#do(nth, item, ask);
    this.#faults.done?.(nth);
    if (cut === 'after') return void response.destroy();
    response.write(`${JSON.stringify({ index, ...result })}\n`);
    const code = this.#faults.stopped?.(nth);
    if (code !== undefined) stop(code);
  }

  async #document(request: IncomingMessage, response: ServerResponse, create: boolean): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>;
    const items = create
      ? (body.items as Record<string, unknown>[])
      : (body.ids as string[]).map((id) => ({ id }));
    const results = items.map((item, index) => {
      const nth = ++this.items;
      const result = this.#do(nth, item, create ? undefined : body);
      this.#faults.done?.(nth);
      return { index, ...result };
    });
    response.end(JSON.stringify({ results }));
  }

  #do(nth: number, item: Record<string, unknown>, ask: Record<string, unknown> | undefined): object {
    const error = this.#faults.error?.(nth);
    if (error !== undefined) {
      const { retryAfter } = this.#faults;
      return {
        error: { code: error, message: 'no', ...(retryAfter !== undefined && { retry_after: retryAfter }) },
      };
    }
    if (ask === undefined) {
      const { id, code } = this.records.create(
        item.fields as Record<string, unknown>,
        item.idempotency_key as string | undefined,
      );
      if (code === undefined) return { id };
      const members = [{ path: '/fields/bad', code: 'unknown_field', message: 'not a field' }];
      return { error: { code, message: 'no', members } };
    }
    const id = String(item.id);
    this.records.decrypted.push(id);
    const fields = this.records.byId.get(id);
    if (fields === undefined) return { id, error: { code: 'not_found', message: 'no' } };
    const names = ask.fields as string[];
    const failed = names.filter((name) => name === 'broken');
    const errors = failed.map((name) => ({ name, code: 'field_unreadable', message: 'no' }));
    const data = Object.fromEntries(names.map((name) => [name, fields[name] ?? null]));
    return { id, data, ...(errors.length > 0 && { errors }) };
  }
}

const DOCUMENT = {
  components: {
    schemas: {
      Record: {
        properties: {
          first_name: { type: 'string' },
          ssn9: { type: 'string' },
          weight: { type: 'integer' },
          donor: { type: 'boolean' },
          bad: { type: 'string' },
        },
      },
    },
  },
};
