// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http';

export type ReadBody =
  | { ok: true; body: Buffer }
  | { ok: false; status: 408 | 413 | 400; code: 'body_too_slow' | 'body_too_large' | 'body_incomplete' };

/** Reads a request's body of at most `limit` bytes until `deadline`, in milliseconds since the epoch. */
export function readBody(request: IncomingMessage, limit: number, deadline: number): Promise<ReadBody> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limit) return Promise.resolve({ ok: false, status: 413, code: 'body_too_large' });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (result: ReadBody) => {
      clearTimeout(timer);
      request.removeAllListeners('data');
      resolve(result);
    };
    const timer = setTimeout(() => {
      request.pause();
      finish({ ok: false, status: 408, code: 'body_too_slow' });
    }, deadline - Date.now());
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > limit) {
        request.pause();
        finish({ ok: false, status: 413, code: 'body_too_large' });
      }
    });
    request.on('end', () => finish({ ok: true, body: Buffer.concat(chunks, size) }));
    request.on('error', () => finish({ ok: false, status: 400, code: 'body_incomplete' }));
    request.on('aborted', () => finish({ ok: false, status: 400, code: 'body_incomplete' }));
  });
}
