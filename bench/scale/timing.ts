// SPDX-License-Identifier: Apache-2.0
import { Agent, request } from 'node:http';
import { quantile } from '../system/statistics.ts';

/** Milliseconds. */
export interface Latency {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** How long each of some calls takes, one after the other. */
export async function latency<T>(of: readonly T[], call: (one: T) => Promise<unknown>): Promise<Latency> {
  const times: number[] = [];
  for (const one of of) {
    const began = performance.now();
    await call(one);
    times.push(performance.now() - began);
  }
  return {
    count: times.length,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    p999: quantile(times, 0.999),
  };
}

/** How many calls are done in a second by so many callers, each of which begins its next when its last has ended. */
export async function rate(
  callers: number,
  seconds: number,
  call: (n: number) => Promise<unknown>,
): Promise<number> {
  const began = performance.now();
  const end = began + seconds * 1000;
  let begun = 0;
  let done = 0;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() < end) {
        await call(begun++);
        done += 1;
      }
    }),
  );
  return done / ((performance.now() - began) / 1000);
}

/** The vault's API as a client with connections that stay open. An answer of another status is an error. */
export class Client {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #url: string;
  readonly #key: string;

  constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  call(method: string, path: string, status: number, body?: object): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const sent = request(
        new URL(path, this.#url),
        {
          method,
          agent: this.#agent,
          headers: {
            authorization: `Bearer ${this.#key}`,
            ...(text && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
          },
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('error', reject);
          answer.on('end', () => {
            const got = Buffer.concat(chunks).toString('utf8');
            if (answer.statusCode === status) resolve(JSON.parse(got) as Record<string, unknown>);
            else
              reject(
                new Error(
                  `${method} ${path}: ${answer.statusCode}: ${(JSON.parse(got) as { code?: string }).code}`,
                ),
              );
          });
        },
      );
      sent.on('error', reject);
      sent.end(text);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
