// SPDX-License-Identifier: Apache-2.0
import { request } from 'node:http';
import { AdminError } from '../errors.ts';

/** Asks a process on a unix socket: JSON in, JSON out. @throws {AdminError} request_failed */
export function askSocket(
  socketPath: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new AdminError('request_failed', `${method} ${path}: ${why}`));
    const sent = request(
      { socketPath, method, path, timeout: 15_000, headers: { 'content-type': 'application/json' } },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          if (answer.statusCode !== 200) return fail(`status ${answer.statusCode}: ${text.slice(0, 300)}`);
          try {
            resolve(JSON.parse(text) as Record<string, unknown>);
          } catch {
            fail('the answer is not JSON');
          }
        });
      },
    );
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.on('error', (error) => fail(error.message));
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
