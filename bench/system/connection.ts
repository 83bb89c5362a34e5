// SPDX-License-Identifier: Apache-2.0
import { connect, type Socket } from 'node:net';

export interface Reply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: string;
  readonly body: string;
}

/** How an exchange ended that had no answer. */
export class NoAnswer extends Error {
  readonly what: string;
  constructor(what: string) {
    super(what);
    this.what = what;
  }
}

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: NoAnswer) => void;
}

/**
 * One kept-alive HTTP/1.1 connection that carries one request after the other, written as whole requests: for load alone. Node's own client
 * costs the machine as much as the server does; this one about a quarter. It knows the answers that the API gives (Content-Length, no chunks)
 * and takes anything else for an error.
 */
export class Connection {
  readonly #port: number;
  readonly #timeoutMs: number;
  #socket: Socket | undefined;
  #waiting: Waiting | undefined;
  #got = '';
  #timer: NodeJS.Timeout | undefined;

  /** @param timeoutMs for each answer: past it the request counts as unanswered */
  constructor(port: number, timeoutMs = 15_000) {
    this.#port = port;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws {NoAnswer} and the next request opens a connection anew */
  ask(request: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket ??= this.#open();
      // One timer for a connection's life, moved on by each request.
      if (this.#timer === undefined)
        this.#timer = setTimeout(() => this.#fail('timeout'), this.#timeoutMs).unref();
      else this.#timer.refresh();
      this.#socket.write(request, 'utf8');
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #open(): Socket {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    this.#got = '';
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#read(text));
    socket.on('error', (error) => this.#fail('code' in error ? String(error.code) : 'connection_failed'));
    socket.on('close', () => {
      // Closed between two requests, as a server may: not an error of any of them.
      if (this.#socket === socket) this.#fail('closed');
    });
    return socket;
  }

  #read(text: string): void {
    this.#got += text;
    const end = this.#got.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.#got.slice(0, end).toLowerCase();
    const length = /\r\ncontent-length: (\d+)/.exec(head)?.[1];
    if (length === undefined) {
      this.#fail('no_content_length');
      return;
    }
    const body = this.#got.slice(end + 4);
    // Bytes are counted only where there may be more of them than characters.
    const size = body.length >= Number(length) ? body.length : Buffer.byteLength(body);
    if (size < Number(length)) return;
    this.#got = '';
    if (head.includes('\r\nconnection: close')) {
      this.#socket?.destroy();
      this.#socket = undefined;
    }
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve({ status: Number(head.slice(9, 12)), headers: head, body });
  }

  #fail(what: string): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(new NoAnswer(what));
  }
}
