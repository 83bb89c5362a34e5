// SPDX-License-Identifier: Apache-2.0
import type { IncomingHttpHeaders } from 'node:http';
import { type Agent, request } from 'node:https';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

export interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** Sends a request as it is, without a client that would mend it. */
export function send(
  port: number,
  agent: Agent,
  { headers, body }: Sent,
  options: { method?: string; path?: string } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const call = request({
      host: '127.0.0.1',
      servername: 'localhost',
      port,
      agent,
      method: 'POST',
      path: '/',
      headers,
      ...options,
    });
    call.once('error', reject);
    call.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString();
        const { statusCode: status = 0, headers: received } = response;
        resolve({ status, headers: received, body: text === '' ? {} : JSON.parse(text) });
      });
    });
    call.end(body);
  });
}
