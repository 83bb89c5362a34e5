// SPDX-License-Identifier: Apache-2.0
import http from 'node:http';
import type net from 'node:net';
import { type Connection, type HttpTarget, opener } from './connections.ts';
import { ParentError } from './errors.ts';
import { Turns } from './turns.ts';

export type { HttpTarget, TlsTarget } from './connections.ts';

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  body?: Uint8Array;
  headers?: Readonly<Record<string, string>>;
  /** From now until the last byte of the answer, in milliseconds. */
  timeoutMs: number;
  /** The largest answer body accepted, in bytes. */
  maxBytes: number;
}

export interface HttpAnswer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}

/**
 * Connections at once; further requests wait for one, within their time. No server of ours works on more at once, and a unix socket at which more
 * knock together than its queue holds (511) refuses them.
 */
export const MAX_SOCKETS = 256;

/** The parent closes a connection after 30 s without a request. A Lambda that was frozen has not heard of it: it goes by the clock. */
const MOST_IDLE_MS = 25_000;
const LOOK_MS = 1_000;

/**
 * HTTP/1.1 to one server, over a unix socket, mutual TLS or whatever else connects, with kept-alive connections, a
 * bound on the answer's size and one time limit for the whole exchange. Errors are `connection_lost`, `timeout` or
 * `answer_too_large`, nothing else.
 */
export class HttpClient {
  readonly #kept: OpeningAgent;
  readonly #fresh: http.Agent;
  readonly #host: string;
  readonly #turns = new Turns();
  readonly #most: number;
  #underWay = 0;
  /** Requests that waited for a connection so far: the number of the latest. */
  #came = 0;
  readonly #connecting = new AbortController();

  /** @param maxSockets connections at once; one of several processes before the same server has a part of them */
  constructor(target: HttpTarget, maxSockets: number = MAX_SOCKETS) {
    const open = opener(target, this.#connecting.signal);
    // The pool's own bound is none to requests that come in one moment: it counts a connection when it is there, which ours are later.
    this.#most = maxSockets;
    this.#kept = new OpeningAgent(open, { keepAlive: true, maxFreeSockets: 64, scheduling: 'lifo' });
    this.#fresh = new OpeningAgent(open, { keepAlive: false });
    // A unix socket or a vsock port has no name; every server of ours takes this one.
    this.#host = 'tls' in target ? target.tls.servername : 'localhost';
  }

  async request(request: HttpRequest): Promise<HttpAnswer> {
    const until = Date.now() + request.timeoutMs;
    if (!this.#begin()) await this.#turn(request.timeoutMs);
    const inTime = () => ({ ...request, timeoutMs: Math.max(1, until - Date.now()) });
    try {
      const first = await this.#once(inTime(), this.#kept);
      if (!(first instanceof StaleConnection)) return first;
      // The server closed a kept-alive connection just as we used it; a new connection tells whether it is gone.
      const second = await this.#once(inTime(), this.#fresh);
      if (second instanceof StaleConnection) throw new ParentError('connection_lost');
      return second;
    } finally {
      this.#underWay -= 1;
      this.#turns.wake(1);
    }
  }

  #begin(): true | undefined {
    if (this.#underWay >= this.#most) return undefined;
    this.#underWay += 1;
    return true;
  }

  async #turn(ms: number): Promise<void> {
    this.#came += 1;
    try {
      await this.#turns.wait(this.#came, ms, () => this.#begin());
    } catch {
      throw new ParentError('timeout');
    }
  }

  close(): void {
    this.#connecting.abort();
    this.#kept.destroy();
    this.#fresh.destroy();
  }

  #once(request: HttpRequest, agent: http.Agent): Promise<HttpAnswer | StaleConnection> {
    this.#kept.endIdle();
    return new Promise((resolve, reject) => {
      const body = request.body;
      const outgoing = http.request({
        agent,
        method: request.method,
        path: request.path,
        headers: {
          host: this.#host,
          ...(body === undefined ? {} : { 'content-length': String(body.byteLength) }),
          ...request.headers,
        },
      });
      const timer = setTimeout(() => fail(new ParentError('timeout')), request.timeoutMs);
      const fail = (error: ParentError) => {
        clearTimeout(timer);
        reject(error);
        outgoing.destroy();
      };
      outgoing.on('error', () => {
        if (outgoing.reusedSocket) {
          clearTimeout(timer);
          resolve(new StaleConnection());
        } else fail(new ParentError('connection_lost'));
      });
      outgoing.on('response', (incoming) => {
        const chunks: Buffer[] = [];
        let size = 0;
        incoming.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > request.maxBytes) fail(new ParentError('answer_too_large'));
          else chunks.push(chunk);
        });
        incoming.on('error', () => fail(new ParentError('connection_lost')));
        incoming.on('end', () => {
          clearTimeout(timer);
          if (!incoming.complete) return fail(new ParentError('connection_lost'));
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks, size),
          });
        });
      });
      outgoing.end(body);
    });
  }
}

/** A kept-alive connection that was closed under our feet. */
class StaleConnection {
  readonly stale = true;
}

/** Node's pool of connections, over connections of ours. */
class OpeningAgent extends http.Agent {
  readonly #open: () => Promise<Connection>;
  /** Until when a connection may carry another request, where that is bounded: ms since the epoch. */
  readonly #usableUntil = new WeakMap<object, number>();
  /** Since when a connection of the pool has carried nothing: ms since the epoch. */
  readonly #idleSince = new WeakMap<object, number>();
  #lookedAt = 0;

  constructor(open: () => Promise<Connection>, options: http.AgentOptions) {
    super(options);
    this.#open = open;
  }

  override createConnection(
    _options: http.ClientRequestArgs,
    callback?: (error: Error | null, socket: net.Socket) => void,
  ): undefined {
    this.#open().then(
      ({ socket, usableUntil }) => {
        if (usableUntil !== undefined) this.#usableUntil.set(socket, usableUntil);
        callback?.(null, socket);
      },
      // A failed connection has no socket; Node reads the error first.
      (error: Error) => callback?.(error, undefined as never),
    );
  }

  override keepSocketAlive(socket: net.Socket): boolean {
    const kept: unknown = super.keepSocketAlive(socket);
    const left = (this.#usableUntil.get(socket) ?? Number.POSITIVE_INFINITY) - Date.now();
    if (kept === false || left <= 0) return false;
    // Node destroys a socket of the pool at this event, and does nothing to one that carries a request.
    if (Number.isFinite(left)) socket.setTimeout(left);
    this.#idleSince.set(socket, Date.now());
    return true;
  }

  /** Ends connections that nobody has used for so long that the server may have given them up. */
  endIdle(): void {
    const now = Date.now();
    // Not for each of a thousand requests a second. A clock that was set back looks as well.
    if (Math.abs(now - this.#lookedAt) < LOOK_MS) return;
    this.#lookedAt = now;
    const oldest = now - MOST_IDLE_MS;
    for (const socket of Object.values(this.freeSockets).flat()) {
      if (socket !== undefined && (this.#idleSince.get(socket) ?? 0) < oldest) socket.destroy();
    }
  }
}
