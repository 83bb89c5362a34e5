// SPDX-License-Identifier: Apache-2.0
import net from 'node:net';
import type { Log } from '../log.ts';

export interface RelayTarget {
  readonly host: string;
  readonly port: number;
}

export interface CarryOptions {
  /** The only place that bytes are ever relayed to. */
  target: RelayTarget;
  /** A connection without traffic for so long is closed, in milliseconds. Default 60 s. */
  idleMs?: number;
  /** Time for the connection to the target, in milliseconds. Default 3 s. */
  connectMs?: number;
  log: Log;
}

/**
 * Relays one connection to the target, bytes as they are, until either end is closed. Nothing that is sent is read as
 * an address.
 */
export function carry(
  inner: net.Socket,
  { target, idleMs = 60_000, connectMs = 3_000, log }: CarryOptions,
): void {
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
    outer.destroySoon();
  });
  outer.on('close', () => inner.destroySoon());
  for (const socket of [inner, outer]) socket.setTimeout(idleMs, abort);
  inner.pipe(outer);
  outer.pipe(inner);
}
