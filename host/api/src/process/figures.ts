// SPDX-License-Identifier: Apache-2.0
import { get } from 'node:http';

const LIMIT_MS = 500;
const MAX_BYTES = 256 * 1024;

/**
 * Figures that another process of this machine shows at a socket, to be shown with ours: one place to scrape. Of one that does not
 * answer there is the fact alone.
 */
export function figuresAt(socketPath: string): () => Promise<string> {
  return () =>
    new Promise((resolve) => {
      const asked = get({ socketPath, path: '/', signal: AbortSignal.timeout(LIMIT_MS) }, (answer) => {
        const chunks: Buffer[] = [];
        let size = 0;
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > MAX_BYTES) asked.destroy();
          else chunks.push(chunk);
        });
        answer.once('end', () =>
          resolve(answer.statusCode === 200 ? Buffer.concat(chunks).toString('utf8') : NONE),
        );
        answer.once('error', () => resolve(NONE));
      });
      asked.once('error', () => resolve(NONE));
      asked.once('close', () => resolve(NONE));
    });
}

const NONE = '# TYPE enclave_vault_canary_up gauge\nenclave_vault_canary_up 0\n';
