// SPDX-License-Identifier: Apache-2.0
import { chmod, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type ChannelIdentity, createChannelServer } from '@enclave-vault/channel';
import type { Log } from './log.ts';

/** Where a server listens. */
export type ServerPlace =
  /** A socket for its own user alone. */
  | { readonly unix: string }
  /** The network, for who proves to be the API alone. */
  | { readonly tls: TlsPlace };

export interface TlsPlace {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Of the channel's server side. */
  readonly identity: ChannelIdentity;
  /** Roots of the channel's client side, PEM. */
  readonly clientRoots: string;
  /** For one handshake, in milliseconds. Default 5 s. */
  readonly handshakeMs?: number;
}

const LIMITS = {
  maxHeaderSize: 8 * 1024,
  requestTimeout: 10_000,
  headersTimeout: 5_000,
  keepAliveTimeout: 30_000,
  connectionsCheckingInterval: 1_000,
};
const MAX_CONNECTIONS = 1_024;

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/** An HTTP server at a place, with its limits, that ends in order. */
export class Listener {
  readonly #place: ServerPlace;
  readonly #server: http.Server;
  /** Those in a TLS handshake as well, which the HTTP server does not know. */
  readonly #sockets = new Set<Socket>();

  /** @throws ChannelError `root_invalid` */
  constructor(place: ServerPlace, handler: Handler, log: Log) {
    this.#place = place;
    this.#server =
      'unix' in place
        ? http.createServer(LIMITS, handler)
        : createChannelServer({ ...place.tls, log, http: LIMITS }, handler);
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** @returns the port; null at a socket */
  async listen(): Promise<number | null> {
    const place = this.#place;
    if ('unix' in place) await rm(place.unix, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      const listening = () => resolve();
      if ('unix' in place) this.#server.listen(place.unix, listening);
      else this.#server.listen(place.tls.port, place.tls.host, listening);
    });
    if ('unix' in place) await chmod(place.unix, 0o600);
    return 'unix' in place ? null : (this.#server.address() as AddressInfo).port;
  }

  /** Takes no more connections and waits until requests under way are answered, at most `maxMs`. */
  async drain(maxMs: number): Promise<void> {
    // A connection becomes idle when its answer is out; nobody may start a new request on it.
    const idle = setInterval(() => this.#server.closeIdleConnections(), 20);
    const late = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, maxMs);
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    clearInterval(idle);
    clearTimeout(late);
  }
}
