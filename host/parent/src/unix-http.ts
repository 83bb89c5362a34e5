// SPDX-License-Identifier: Apache-2.0
import http from 'node:http';
import { ParentError } from './errors.ts';

export interface UnixRequest {
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  body?: Uint8Array;
  headers?: Readonly<Record<string, string>>;
  /** From now until the last byte of the answer, in milliseconds. */
  timeoutMs: number;
  /** The largest answer body accepted, in bytes. */
  maxBytes: number;
}

export interface UnixAnswer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}

/**
 * HTTP/1.1 to one unix socket with kept-alive connections, a bound on the answer's size and one time limit
 * for the whole exchange. Errors are `connection_lost`, `timeout` or `answer_too_large`, nothing else.
 */
export class UnixHttpClient {
  readonly #socketPath: string;
  readonly #agent: http.Agent;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
    this.#agent = new http.Agent({ keepAlive: true, maxFreeSockets: 64, scheduling: 'lifo' });
  }

  async request(request: UnixRequest): Promise<UnixAnswer> {
    const started = Date.now();
    const first = await this.#once(request);
    if (!(first instanceof StaleConnection)) return first;
    // The server closed a kept-alive connection just as we used it; a new connection tells whether it is gone.
    const remaining = request.timeoutMs - (Date.now() - started);
    const second = await this.#once({ ...request, timeoutMs: Math.max(1, remaining) }, false);
    if (second instanceof StaleConnection) throw new ParentError('connection_lost');
    return second;
  }

  close(): void {
    this.#agent.destroy();
  }

  #once(request: UnixRequest, reuse = true): Promise<UnixAnswer | StaleConnection> {
    return new Promise((resolve, reject) => {
      const body = request.body;
      const outgoing = http.request({
        socketPath: this.#socketPath,
        agent: reuse ? this.#agent : false,
        method: request.method,
        path: request.path,
        headers: {
          // A unix socket has no name; every server of ours takes this one.
          host: 'localhost',
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
        if (reuse && outgoing.reusedSocket) {
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
