// SPDX-License-Identifier: Apache-2.0
import { type Agent, type IncomingMessage, request } from 'node:http';
import { KmsError } from '../../errors.ts';

/** KMS's answers are some 5 KB. */
const MAX_ANSWER_BYTES = 64 * 1024;

export interface ExchangeRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Until the last byte of the answer. */
  readonly timeoutMs: number;
}

export interface ExchangeAnswer {
  readonly status: number;
  readonly body: Buffer;
  /** When it was sent, by KMS's clock: ms since the epoch. */
  readonly date: number | null;
}

/**
 * POSTs to `/` and reads the answer whole. A connection that KMS closed while it lay in the pool is replaced, once: Decrypt
 * changes nothing, so asking twice is asking once. Redirects are answers like any other.
 * @throws KmsError `unavailable`
 */
export async function exchange(agent: Agent, call: ExchangeRequest): Promise<ExchangeAnswer> {
  const started = performance.now();
  const first = await once(agent, call);
  if (first !== 'stale') return first;
  const timeoutMs = call.timeoutMs - (performance.now() - started);
  const second = timeoutMs > 0 ? await once(agent, { ...call, timeoutMs }) : 'stale';
  if (second === 'stale') throw new KmsError('unavailable', 'connection_lost');
  return second;
}

function once(
  agent: Agent,
  { headers, body, timeoutMs }: ExchangeRequest,
): Promise<ExchangeAnswer | 'stale'> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail('timed_out'), timeoutMs);
    const call = request({
      agent,
      method: 'POST',
      path: '/',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      setHost: false,
      maxHeaderSize: 8 * 1024,
    });

    function fail(detail: string): void {
      clearTimeout(timer);
      call.destroy();
      reject(new KmsError('unavailable', detail));
    }

    call.on('error', (error) => {
      if (!call.reusedSocket) return fail(error instanceof KmsError ? error.detail : 'connection_lost');
      clearTimeout(timer);
      resolve('stale');
    });
    call.on('response', (answer) => {
      readAll(answer).then(
        (bytes) => {
          clearTimeout(timer);
          const date = Date.parse(answer.headers.date ?? '');
          resolve({ status: answer.statusCode ?? 0, body: bytes, date: Number.isNaN(date) ? null : date });
        },
        () => fail('answer_incomplete'),
      );
    });
    call.end(body);
  });
}

async function readAll(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error('too large');
    chunks.push(chunk);
  }
  if (!answer.complete) throw new Error('incomplete');
  return Buffer.concat(chunks, size);
}
