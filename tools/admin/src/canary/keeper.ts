// SPDX-License-Identifier: Apache-2.0
import { createServer, type Server } from 'node:http';
import { type Alarm, CanaryWatch, figuresOf, Webhook } from '@enclave-vault/canary/alarm';
import { type Reading, VERDICTS } from '@enclave-vault/canary/core';
import { CANARY_ROLE, LOCAL } from '../dev/deployment.ts';
import { log } from '../dev/log.ts';
import type { ProcessName } from '../dev/processes.ts';

/** How often silence is looked for, at most. */
const TICK_MS = 5_000;
/** The parent says its readings in lines of their own, one after the other. */
const GATHER_MS = 250;

export interface KeeperOptions {
  readonly intervalSeconds: number;
  /** Path of the socket at which the figures are shown, to the API. */
  readonly figures: string;
  readonly webhook?: { readonly url: string; readonly secret: string } | undefined;
  /** Ends the canary's process, which its supervisor starts again. */
  readonly restart: () => void;
}

/**
 * Hears what the canaries of a local vault say, the one in a process of its own and the parent's, and raises the alarm:
 * in the log, in figures and by a webhook. It is in none of those whom it hears, so that silence is heard as well; a canary
 * that hangs is ended.
 */
export class CanaryKeeper {
  readonly #options: KeeperOptions;
  readonly #watch: CanaryWatch;
  readonly #webhook: Webhook | undefined;
  readonly #server: Server;
  readonly #timer: NodeJS.Timeout;
  #gathered: Reading[] = [];
  #endedAt = 0;

  constructor(options: KeeperOptions) {
    const { intervalSeconds, webhook } = options;
    this.#options = options;
    this.#watch = new CanaryWatch(['local', 'parent'], intervalSeconds * 1000, Number.POSITIVE_INFINITY);
    this.#webhook = webhook && new Webhook({ ...webhook, log: logDelivery });
    this.#server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
      response.end(figuresOf(this.#watch, performance.now()));
    });
    this.#timer = setInterval(() => this.#look(), Math.min(TICK_MS, intervalSeconds * 1000));
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#options.figures, resolve);
    });
  }

  /**
   * A line of a process's log. What a canary found is believed of that canary alone: another process that was taken over may
   * write such a line as well.
   * @param of the process
   * @returns whether it is of a canary's doing, and told by us where it matters
   */
  hear(of: ProcessName, line: Readonly<Record<string, unknown>>): boolean {
    if (of === 'canary' && line.event === 'canary_run' && Array.isArray(line.readings)) {
      this.#take('local', line.readings.flatMap(readingOf));
      return true;
    }
    if (of === 'kms' && line.event === 'kms_denied') return isProbe(line);
    if (of !== 'parent' || line.event !== 'canary' || typeof line.probe !== 'string') return false;
    if (this.#gathered.length === 0)
      setTimeout(() => this.#take('parent', this.#gathered.splice(0)), GATHER_MS).unref();
    this.#gathered.push(...readingOf(line));
    return true;
  }

  /** The vault serves: from here on runs are missed. What its start took is no silence. */
  begin(): void {
    this.#watch.begin(performance.now());
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#server.closeAllConnections();
    this.#server.close();
    await this.#webhook?.close();
  }

  #take(place: string, readings: readonly Reading[]): void {
    this.#watch.take(place, readings, performance.now());
    this.#look();
  }

  #look(): void {
    const now = performance.now();
    const alarm = this.#watch.alarm(now);
    if (alarm !== undefined) this.#tell(alarm);
    const silent = this.#watch.places(now).some((one) => one.place === 'local' && one.silent);
    if (!silent || now - this.#endedAt < this.#watch.silentAfterMs) return;
    this.#endedAt = now;
    this.#options.restart();
  }

  #tell(alarm: Alarm): void {
    const { state, was, repeated, readings, silent } = alarm;
    if (state === 'Good') log('info', 'canary_good', { was });
    else log('error', 'canary_alarm', { state, was, repeated, silent, readings });
    this.#webhook?.tell(alarm);
  }
}

/** Each probe is a refusal in KMS's log: what must be, each minute, is nothing for people to read. */
function isProbe({ principal, dryRun }: Readonly<Record<string, unknown>>): boolean {
  return principal === CANARY_ROLE || (dryRun === true && principal === LOCAL.roles.instance);
}

/** What another process wrote, as far as it is a reading. */
function readingOf(value: unknown): readonly Reading[] {
  if (typeof value !== 'object' || value === null) return [];
  const { probe, outcome, reason } = value as Readonly<Record<string, unknown>>;
  const verdict = VERDICTS.find((known) => known === outcome);
  if (typeof probe !== 'string' || verdict === undefined) return [];
  return [{ probe, outcome: verdict, reason: typeof reason === 'string' ? reason : 'unknown' }];
}

function logDelivery(
  event: 'delivered' | 'retried' | 'given_up',
  fields: Readonly<Record<string, unknown>>,
): void {
  log(event === 'delivered' ? 'info' : 'warn', `canary_webhook_${event}`, fields);
}
