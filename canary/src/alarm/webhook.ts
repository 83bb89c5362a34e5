// SPDX-License-Identifier: Apache-2.0
import { createHmac, randomUUID } from 'node:crypto';
import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import type { Alarm } from './watch.ts';

/** `v1=` and HMAC-SHA256, in hex, of the timestamp's text, a dot, and the body. */
export const SIGNATURE_HEADER = 'Enclave-Vault-Signature';
/** Seconds since the epoch. A receiver refuses what is older than some minutes. */
export const TIMESTAMP_HEADER = 'Enclave-Vault-Timestamp';
export const MIN_SECRET_CHARACTERS = 32;

const ATTEMPTS = 5;
const FIRST_DELAY_MS = 1_000;
const ANSWER_MS = 5_000;
const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

export interface WebhookOptions {
  readonly url: string;
  readonly secret: string;
  /** Told how a delivery went: a status, or the name of an error. Never what was sent. */
  readonly log: (
    event: 'delivered' | 'retried' | 'given_up',
    fields: Readonly<Record<string, unknown>>,
  ) => void;
  /** Of the first try again; each next one waits twice as long. Default 1 s. */
  readonly firstDelayMs?: number;
}

/** What a webhook's address must be: what it tells shows where a vault is open. */
export function isWebhookUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname));
}

/** The headers under which a body is sent. @param now ms since the epoch */
export function signed(secret: string, body: string, now: number): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(now / 1000));
  const mac = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return { [TIMESTAMP_HEADER]: timestamp, [SIGNATURE_HEADER]: `v1=${mac}` };
}

/**
 * Tells a webhook of alarms, one after the other. What waits is the newest only: who was away for an hour needs to know how
 * it is, and not how it was each minute. A delivery that fails is tried again, five times in half a minute in all, and then given up: the
 * state is said again hourly, and the log and the figures have it in any case.
 */
export class Webhook {
  readonly #options: WebhookOptions;
  #next: string | undefined;
  #sending: Promise<void> | undefined;
  readonly #closed = new AbortController();

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  tell(alarm: Alarm, now: number = Date.now()): void {
    this.#next = bodyOf(alarm, now);
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
  }

  /** Gives up what was not delivered. */
  async close(): Promise<void> {
    this.#closed.abort();
    this.#next = undefined;
    await this.#sending;
  }

  async #send(): Promise<void> {
    while (this.#next !== undefined) {
      const body = this.#next;
      this.#next = undefined;
      await this.#deliver(body);
    }
  }

  async #deliver(body: string): Promise<void> {
    const { log, firstDelayMs = FIRST_DELAY_MS } = this.#options;
    for (let attempt = 1; !this.#closed.signal.aborted; attempt += 1) {
      const outcome = await this.#post(body);
      if (typeof outcome === 'number' && outcome >= 200 && outcome < 300)
        return log('delivered', { status: outcome, attempt });
      // Who says that he will not take it will not take it a second later either.
      const final = typeof outcome === 'number' && outcome < 500 && outcome !== 408 && outcome !== 429;
      const why = typeof outcome === 'number' ? { status: outcome } : { error: outcome };
      if (final || attempt >= ATTEMPTS) return log('given_up', { ...why, attempt });
      log('retried', { ...why, attempt });
      await pause(firstDelayMs * 2 ** (attempt - 1) * (0.75 + Math.random() / 2), this.#closed.signal);
      // A newer one says all that this one did, with tries of its own.
      if (this.#next !== undefined) return;
    }
  }

  /** @returns the status, or the name of what went wrong */
  #post(body: string): Promise<number | string> {
    const { url, secret } = this.#options;
    const headers = {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': 'enclave-vault-canary',
      ...signed(secret, body, Date.now()),
    };
    const send = url.startsWith('https:') ? secure : plain;
    return new Promise((resolve) => {
      const signal = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(ANSWER_MS)]);
      const sent = send(url, { method: 'POST', headers, signal, agent: false }, (answer) => {
        // Redirects are not followed, and what it says is not read.
        answer.on('error', () => undefined);
        answer.resume();
        answer.once('close', () => resolve(answer.statusCode ?? 0));
      });
      sent.once('error', (error) => resolve('code' in error ? String(error.code) : error.name));
      sent.end(body);
    });
  }
}

/** Names of ours alone: nothing of a record, a key or a caller. */
function bodyOf({ state, was, repeated, readings, silent }: Alarm, now: number): string {
  return JSON.stringify({
    version: 1,
    id: randomUUID(),
    at: new Date(now).toISOString(),
    source: 'enclave-vault-canary',
    state,
    was,
    repeated,
    silent,
    readings: readings.map(({ place, probe, outcome, reason }) => ({ place, probe, outcome, reason })),
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    // Closed while the request was under way: that is not told again.
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
