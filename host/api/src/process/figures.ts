// SPDX-License-Identifier: Apache-2.0
import { get } from 'node:http';

const LIMIT_MS = 500;
const MAX_BYTES = 256 * 1024;

/**
 * Figures that another process of this machine shows at a socket, to be shown with ours: one place to scrape. Of one that does not
 * answer there is the fact alone.
 */
export function figuresAt(socketPath: string): () => Promise<string> {
  return async () => (await askFigures(socketPath)) ?? NONE;
}

/** Figures that a process shows at a socket; undefined when it does not answer, or not in time. */
export function askFigures(socketPath: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const none = () => resolve(undefined);
    const asked = get({ socketPath, path: '/', signal: AbortSignal.timeout(LIMIT_MS) }, (answer) => {
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_BYTES) asked.destroy();
        else chunks.push(chunk);
      });
      answer.once('end', () =>
        resolve(answer.statusCode === 200 ? Buffer.concat(chunks).toString('utf8') : undefined),
      );
      answer.once('error', none);
    });
    asked.once('error', none);
    asked.once('close', none);
  });
}

const NONE = '# TYPE enclave_vault_canary_up gauge\nenclave_vault_canary_up 0\n';
