// SPDX-License-Identifier: Apache-2.0
import { connect, type Socket } from 'node:net';
import type { Dial } from '../../src/ports.ts';

/** Dials a port of this machine, in place of a relay. */
export function dialTcp(port: number, onSocket: (socket: Socket) => void = () => undefined): Dial {
  return () =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      onSocket(socket);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.removeListener('error', reject);
        resolve(socket);
      });
    });
}
