// SPDX-License-Identifier: Apache-2.0
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { type Random, sleep } from './random.ts';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly json: Readonly<Record<string, unknown>>;
}

/** What happened to the requests of a run. */
export class Tally {
  /** Requests without an answer: refused, reset, timed out. */
  unanswered = 0;
  /** Answers of 503 by code: the vault asks to come again. */
  readonly again = new Map<string, number>();
  /** What must never come: anything else of 500 and above, 503 without Retry-After, an answer of another shape. */
  readonly wrong: string[] = [];
  /** Writes under way now. */
  writing = 0;
  #waiters: (() => void)[] = [];

  began(): void {
    this.writing += 1;
    for (const wake of this.#waiters.splice(0)) wake();
  }

  ended(): void {
    this.writing -= 1;
  }

  /** Resolves when a write is under way, or when it has waited long enough. */
  async nextWrite(limitMs: number): Promise<void> {
    if (this.writing > 0) return;
    await Promise.race([sleep(limitMs), new Promise<void>((done) => this.#waiters.push(done))]);
  }
}

/** One answer may take the API's whole deadline of 10 s and a little. */
const ANSWER_MS = 15_000;

/** A client that keeps asking, as one should: with the same Idempotency-Key, until it knows. */
export class Client {
  readonly tally: Tally;
  readonly #port: number;
  readonly #key: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });

  constructor(port: number, key: string, tally: Tally) {
    this.#port = port;
    this.#key = key;
    this.tally = tally;
  }

  /** One try. Rejects when there is no answer. */
  once(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    const text = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          agent: this.#agent,
          host: '127.0.0.1',
          port: this.#port,
          method,
          path,
          timeout: ANSWER_MS,
          headers: {
            authorization: `Bearer ${this.#key}`,
            ...(text && { 'content-type': 'application/json', 'content-length': text.length }),
            ...headers,
          },
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('error', reject);
          answer.on('end', () => {
            try {
              const json = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Reply['json'];
              resolve({ status: answer.statusCode ?? 0, headers: answer.headers, json });
            } catch {
              reject(new Error('the answer is not JSON'));
            }
          });
        },
      );
      sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
      sent.on('error', reject);
      sent.end(text);
    });
  }

  /**
   * Asks until there is an answer that is not "come again". Undefined when none came in `limitMs`, or one that is
   * wrong, which the tally then names.
   */
  async certain(
    random: Random,
    limitMs: number,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply | undefined> {
    const until = Date.now() + limitMs;
    while (Date.now() < until) {
      const reply = await this.once(method, path, body, headers).catch(() => undefined);
      if (reply === undefined) this.tally.unanswered += 1;
      else if (reply.status === 503) this.#again(method, reply);
      else if (reply.status >= 500) {
        this.tally.wrong.push(`${method} ${reply.status} ${String(reply.json.code)}`);
        return undefined;
      } else return reply;
      await sleep(50 + random.below(150));
    }
    this.tally.wrong.push(`${method} not answered in ${limitMs} ms`);
    return undefined;
  }

  close(): void {
    this.#agent.destroy();
  }

  #again(method: string, { headers, json }: Reply): void {
    const code = String(json.code);
    this.tally.again.set(code, (this.tally.again.get(code) ?? 0) + 1);
    if (!(Number(headers['retry-after']) > 0)) this.tally.wrong.push(`${method} 503 ${code}, no Retry-After`);
  }
}
