// SPDX-License-Identifier: Apache-2.0
import { chmod, rm } from 'node:fs/promises';
import net from 'node:net';
import { type CarryOptions, carry } from './carry.ts';

export interface RelayOptions extends CarryOptions {
  /** Where enclaves connect: `kms.sock` in the enclave's socket folder. */
  socketPath: string;
  /** Connections carried at once; one more is closed at once. Default 64. */
  maxConnections?: number;
}

/**
 * A byte relay from one enclave to KMS over a unix socket, as AWS's vsock-proxy. The enclave speaks TLS through it, so
 * the relay sees ciphertext.
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
    this.#sockets.add(inner);
    inner.on('close', () => this.#sockets.delete(inner));
    carry(inner, this.#options);
  }
}
