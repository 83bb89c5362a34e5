// SPDX-License-Identifier: Apache-2.0
import net from 'node:net';
import type { VsockTransport } from '../place/transport.ts';
import { type CarryOptions, carry } from './carry.ts';

export interface SharedRelayOptions extends CarryOptions {
  transport: VsockTransport;
  /** Vsock port. Default 8000, that of AWS's vsock-proxy. */
  port?: number;
  /** Connections of one enclave at once; one more is closed at once. Default 64. */
  maxPerEnclave?: number;
}

export const RELAY_PORT = 8000;
/** Refusals are logged so often at most, in milliseconds: whoever is refused must not fill the log. */
const LOG_EVERY_MS = 10_000;

/**
 * One relay to KMS for all enclaves of the instance. Any process of the instance and any enclave on it can knock here, so a connection is
 * carried only when the kernel says that it comes from an enclave which was admitted. The target is fixed, as in {@link carry}.
 */
export class SharedRelay {
  readonly #options: SharedRelayOptions;
  readonly #server: net.Server;
  /** Open connections by the CID of an admitted enclave. */
  readonly #admitted = new Map<number, Set<net.Socket>>();
  #lastLogged = 0;
  #refused = 0;

  constructor(options: SharedRelayOptions) {
    this.#options = options;
    this.#server = net.createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = 1_024;
  }

  /** Connections open now. */
  get connections(): number {
    return [...this.#admitted.values()].reduce((sum, sockets) => sum + sockets.size, 0);
  }

  async listen(): Promise<void> {
    const { transport, port = RELAY_PORT } = this.#options;
    await transport.listen(this.#server, port);
    this.#server.on('error', (error: NodeJS.ErrnoException) =>
      this.#options.log('error', 'relay_failed', { cause: error.code }),
    );
  }

  /** From now on the enclave with this CID is let through. */
  admit(cid: number): void {
    if (!this.#admitted.has(cid)) this.#admitted.set(cid, new Set());
  }

  /** Ends an enclave's connections and lets it through no more: its CID may be another's soon. */
  expel(cid: number): void {
    for (const socket of this.#admitted.get(cid) ?? []) socket.destroy();
    this.#admitted.delete(cid);
  }

  async close(): Promise<void> {
    for (const cid of [...this.#admitted.keys()]) this.expel(cid);
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(inner: net.Socket): void {
    const { transport, maxPerEnclave = 64 } = this.#options;
    const cid = transport.peer(inner);
    const sockets = cid === null ? undefined : this.#admitted.get(cid);
    if (sockets === undefined || sockets.size >= maxPerEnclave) {
      inner.on('error', () => undefined).destroy();
      this.#tell(sockets === undefined ? 'unknown_cid' : 'too_many', cid);
      return;
    }
    sockets.add(inner);
    inner.on('close', () => sockets.delete(inner));
    carry(inner, this.#options);
  }

  #tell(cause: string, cid: number | null): void {
    this.#refused += 1;
    if (Date.now() - this.#lastLogged < LOG_EVERY_MS) return;
    this.#options.log('warn', 'relay_refused', { cause, cid, refused: this.#refused });
    this.#lastLogged = Date.now();
    this.#refused = 0;
  }
}
