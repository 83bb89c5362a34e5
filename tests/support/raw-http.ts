// SPDX-License-Identifier: Apache-2.0
import net from 'node:net';

/** A connection to a server, below HTTP: bytes in, and all that comes back until either side closes. */
export class RawConnection {
  readonly socket: net.Socket;
  readonly #chunks: Buffer[] = [];
  readonly opened: Promise<unknown>;
  /** Everything that came, once the server closed the connection. */
  readonly closed: Promise<string>;

  constructor(port: number) {
    this.socket = net.connect(port, '127.0.0.1');
    this.socket.on('data', (chunk) => this.#chunks.push(chunk));
    this.socket.on('error', () => undefined);
    this.opened = new Promise((resolve) => this.socket.once('connect', resolve).once('close', resolve));
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve(this.received)));
  }

  get received(): string {
    return Buffer.concat(this.#chunks).toString('latin1');
  }

  write(...parts: (string | Buffer)[]): void {
    for (const part of parts) this.socket.write(part);
  }
}

/** Sends bytes and returns all that comes back until the server closes the connection, or for `waitMs`. */
export async function exchange(port: number, waitMs: number, ...parts: (string | Buffer)[]): Promise<string> {
  const connection = new RawConnection(port);
  connection.write(...parts);
  const timer = setTimeout(() => connection.socket.destroy(), waitMs);
  const answer = await connection.closed;
  clearTimeout(timer);
  return answer;
}

/** Status lines of answers that came one after the other. */
export function statuses(answer: string): number[] {
  return [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

/** The code of the problem document that an answer ends with. */
export function problemCode(answer: string): string | undefined {
  return /"code":"([a-z0-9_]+)"/.exec(answer)?.[1];
}
