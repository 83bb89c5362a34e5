// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';

const DRAIN_MS = 1_000;
const DRAIN_BYTES = 8 * 1024 * 1024;

/**
 * Reads the rest of a body that is refused and throws it away, for a bounded time and size. A connection that ends
 * with bytes unread is reset, and a reset can overtake the answer: the caller would see no 413, only a lost connection.
 */
export function drain(request: IncomingMessage): Promise<void> {
  // Without a length there may be no end to wait for.
  const ends = request.headers['content-length'] !== undefined;
  if (!ends || request.readableEnded || request.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    let bytes = 0;
    const done = () => {
      clearTimeout(timer);
      request.off('data', count).off('end', done).off('close', done);
      resolve();
    };
    const count = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > DRAIN_BYTES) done();
    };
    const timer = setTimeout(done, DRAIN_MS);
    request.on('data', count).once('end', done).once('close', done);
    request.resume();
  });
}
