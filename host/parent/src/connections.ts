// SPDX-License-Identifier: Apache-2.0
import net from 'node:net';
import tls from 'node:tls';
import { ParentError } from './errors.ts';

export interface TlsTarget {
  readonly host: string;
  readonly port: number;
  /** The name that the server's certificate must have; also what the Host header says. */
  readonly servername: string;
  /**
   * Asked for every new connection, so that a renewed identity is used from then on. Host, port and name are not
   * taken from it. When it rejects, there is no connection.
   */
  readonly options: () => tls.ConnectionOptions | Promise<tls.ConnectionOptions>;
  /** For connection and handshake, in milliseconds. Default 3 s. */
  readonly connectMs?: number;
  /** A connection is used for so long at most, and never past the end of the server's certificate. Default 15 minutes. */
  readonly maxAgeMs?: number;
  /** Told the code of every connection that did not come about (`ECONNREFUSED`, `ERR_TLS_CERT_ALTNAME_INVALID`, …). */
  readonly onFailure?: (code: string) => void;
}

/** Where a client's requests go. */
export type HttpTarget =
  /** Path of a unix socket. */
  | { readonly unix: string }
  /** Anything that gives a connected socket, in time or not at all: AF_VSOCK. */
  | { readonly connect: () => Promise<net.Socket> }
  | { readonly tls: TlsTarget };

export interface Connection {
  readonly socket: net.Socket;
  /** No request starts on it later, in milliseconds since the epoch. Undefined: unbounded. */
  readonly usableUntil?: number;
}

const CONNECT_MS = 3_000;
const MAX_AGE_MS = 15 * 60_000;

/**
 * What opens connections to a target. They are given out when they are ready for bytes: over TLS, when the server's
 * certificate was verified, so that nothing of a request reaches a server that is not the one meant.
 * @param signal aborts connections under way
 */
export function opener(target: HttpTarget, signal: AbortSignal): () => Promise<Connection> {
  if ('unix' in target) return async () => ({ socket: net.connect({ path: target.unix }) });
  if ('tls' in target) return () => openTls(target.tls, signal);
  return async () => {
    const socket = await target.connect();
    if (!signal.aborted) return { socket };
    socket.destroy();
    throw new ParentError('connection_lost');
  };
}

async function openTls(target: TlsTarget, signal: AbortSignal): Promise<Connection> {
  let options: tls.ConnectionOptions;
  try {
    options = await target.options();
  } catch (error) {
    target.onFailure?.(codeOfFailure(error));
    throw new ParentError('connection_lost');
  }
  if (signal.aborted) throw new ParentError('connection_lost');
  const { host, port, servername, connectMs = CONNECT_MS, maxAgeMs = MAX_AGE_MS } = target;
  return new Promise((resolve, reject) => {
    // No session is kept or offered: each connection proves both sides anew.
    const socket = tls.connect({ ...options, host, port, servername });
    socket.setNoDelay(true);
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      socket.off('error', fail);
    };
    const fail = (error: Error) => {
      settle();
      // A connection that is given up may still fail, and nobody else listens.
      socket.on('error', () => undefined).destroy();
      target.onFailure?.(codeOfFailure(error));
      reject(new ParentError('connection_lost'));
    };
    const abort = () => fail(new ParentError('connection_lost'));
    const timer = setTimeout(() => fail(new ParentError('timeout')), connectMs);
    signal.addEventListener('abort', abort);
    socket.on('error', fail);
    socket.once('secureConnect', () => {
      settle();
      const certificateEnds = Date.parse(socket.getPeerCertificate().valid_to);
      resolve({ socket, usableUntil: Math.min(Date.now() + maxAgeMs, certificateEnds) });
    });
  });
}

function codeOfFailure(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : 'unknown';
}
