// SPDX-License-Identifier: Apache-2.0
import { connect } from 'node:net';
import type { Dial } from '../ports.ts';

/** Dials a unix socket. Connecting to one succeeds or fails at once, so nothing is timed. */
export function dialUnix(path: string): Dial {
  return () =>
    new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.removeListener('error', reject);
        resolve(socket);
      });
    });
}
