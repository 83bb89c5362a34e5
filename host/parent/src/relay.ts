// SPDX-License-Identifier: Apache-2.0
import { chmod, rm } from 'node:fs/promises';
import net from 'node:net';
import type { Log } from './log.ts';

export interface RelayOptions {
  /** Where enclaves connect: `kms.sock` in the enclave's socket folder. */
  socketPath: string;
  /** The only place that bytes are ever relayed to. */
  target: { readonly host: string; readonly port: number };
  /** Connections carried at once; one more is closed at once. Default 64. */
  maxConnections?: number;
  /** A connection without traffic for so long is closed, in milliseconds. Default 60 s. */
  idleMs?: number;
  /** Time for the connection to the target, in milliseconds. Default 3 s. */
  connectMs?: number;
  log: Log;
}

/**
 * A byte relay from an enclave to KMS, as AWS's vsock-proxy. The enclave speaks TLS through it, so the relay
 * sees ciphertext. It is no proxy: the target is fixed when it is made, and nothing that the enclave sends is
 * read as an address.
 */
export class KmsRelay {
  readonly #options: RelayOptions;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#server = net.createServer({ allowHalfOpen: true }, (socket) => this.#relay(socket));
    this.#server.maxConnections = options.maxConnections ?? 64;
  }

  /** Connections open now, both ends of each counted once. */
  get connections(): number {
    return this.#sockets.size;
  }

  async listen(): Promise<void> {
    const { socketPath } = this.#options;
    await rm(socketPath, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(socketPath, () => resolve());
    });
    await chmod(socketPath, 0o600);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #relay(inner: net.Socket): void {
    const { target, idleMs = 60_000, connectMs = 3_000, log } = this.#options;
    this.#sockets.add(inner);
    const outer = net.connect({ host: target.host, port: target.port, allowHalfOpen: true, noDelay: true });
    let connected = false;
    const abort = () => {
      inner.destroy();
      outer.destroy();
    };
    const timer = setTimeout(() => {
      log('warn', 'relay_connect_timeout');
      abort();
    }, connectMs);
    outer.once('connect', () => {
      connected = true;
      clearTimeout(timer);
    });
    outer.on('error', (error: NodeJS.ErrnoException) => {
      if (!connected) log('warn', 'relay_target_unreachable', { cause: error.code });
      abort();
    });
    inner.on('error', abort);
    // One end that is closed for good closes the other, once what was read from it has been written.
    inner.on('close', () => {
      clearTimeout(timer);
      this.#sockets.delete(inner);
      outer.destroySoon();
    });
    outer.on('close', () => inner.destroySoon());
    for (const socket of [inner, outer]) socket.setTimeout(idleMs, abort);
    inner.pipe(outer);
    outer.pipe(inner);
  }
}
