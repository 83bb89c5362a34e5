// SPDX-License-Identifier: Apache-2.0
import { RawConnection, statuses } from './raw-http.ts';

const IDLE = 1_000;
const DRIP_MS = 500;

/** Connections that are opened and say nothing, or take their time: begun first, and looked at last. */
export class SlowConnections {
  readonly idle: readonly RawConnection[];
  readonly #slow = new Map<string, RawConnection>();
  readonly #drips: NodeJS.Timeout[] = [];

  /** @param head makes the head of a request with a right key */
  constructor(port: number, head: (line: string, ...more: string[]) => string) {
    this.idle = Array.from({ length: IDLE }, () => new RawConnection(port));
    const start = (what: string, first: string, drip?: string): void => {
      const connection = new RawConnection(port);
      connection.write(first);
      this.#slow.set(what, connection);
      if (drip === undefined) return;
      const go = () => connection.socket.writable && connection.write(drip);
      this.#drips.push(setInterval(go, DRIP_MS));
    };
    const type = 'Content-Type: application/json';
    const json = head('POST /v1/vaults', type, 'Content-Length: 1000');
    const chunks = head('POST /v1/vaults', type, 'Transfer-Encoding: chunked');
    start('half a header', 'GET /health HTTP/1.1\r\nHost: local');
    start('header after header', 'GET /health HTTP/1.1\r\nHost: localhost\r\n', 'X-A: b\r\n');
    start('half a body', `${json}{"city":`);
    start('a body byte by byte', json, ' ');
    start('chunk after chunk', chunks, '1\r\n \r\n');
  }

  /** When the server has closed them all: the statuses that each got. */
  async ended(): Promise<Map<string, number[]>> {
    await Promise.all([...this.idle, ...this.#slow.values()].map(({ closed }) => closed));
    for (const drip of this.#drips) clearInterval(drip);
    return new Map([...this.#slow].map(([what, { received }]) => [what, statuses(received)]));
  }
}
