// SPDX-License-Identifier: Apache-2.0
import { Agent } from 'node:http';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';

export interface TlsAgentOptions {
  /** Opens a stream of bytes to KMS; whoever carries them sees TLS and no more. */
  readonly dial: () => Duplex;
  /** Name that KMS's certificate must have. */
  readonly servername: string;
  /** PEM certificates that it must chain to; Node's own list does not count. */
  readonly roots: readonly string[];
  readonly maxSockets: number;
  /** For connecting and the handshake, ms. */
  readonly connectMs: number;
  /** How long an unused connection is kept, ms. */
  readonly idleMs: number;
}

/** Suites of TLS 1.2 with forward secrecy and an AEAD, beside those of TLS 1.3. */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_AES_128_GCM_SHA256',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':');

/**
 * A pool of TLS connections over a relay. HTTP gets a connection only when the peer has proved to be KMS, so not a byte of a
 * request is written to anybody else.
 */
export class TlsAgent extends Agent {
  readonly #options: TlsAgentOptions;

  constructor(options: TlsAgentOptions) {
    super({ keepAlive: true, maxSockets: options.maxSockets, scheduling: 'lifo', timeout: options.idleMs });
    this.#options = options;
  }

  override createConnection(_: unknown, callback?: (error: Error | null, stream: Duplex) => void): undefined {
    const { dial, servername, roots, connectMs } = this.#options;
    const relay = dial();
    const secure = connect({
      socket: relay,
      servername,
      ca: [...roots],
      minVersion: 'TLSv1.2',
      ciphers: CIPHERS,
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: true,
    });
    const timer = setTimeout(() => settle(new Error('connecting took too long')), connectMs);
    let settled = false;
    const settle = (error: Error | null): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      if (error !== null) secure.destroy();
      // http's callback takes a stream with every error; it does not use it.
      callback?.(error, secure);
    };
    // For as long as they live: a failure may be told twice, by either, and one that nobody hears ends the program.
    relay.on('error', settle);
    secure.on('error', settle);
    secure.on('close', () => {
      relay.destroy();
      settle(new Error('closed'));
    });
    secure.once('secureConnect', () => settle(null));
    return undefined;
  }
}
