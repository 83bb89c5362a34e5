// SPDX-License-Identifier: Apache-2.0
import { uptime } from 'node:os';
import type { Fleet } from './fleet.ts';
import type { Log } from './log.ts';

/**
 * What a parent did since it last said so: one line of the log, of which CloudWatch makes figures. An enclave's vCPUs are in no
 * figure of EC2's, so how busy enclaves are is known here alone.
 */
export class Figures {
  #answered = 0;
  #refused = 0;
  #failed = 0;
  #busyMs = 0;

  /**
   * One request was answered, or its caller is gone.
   * @param status of the answer: 503 is refused for now, other 5xx have failed
   */
  add(status: number, ms: number): void {
    this.#answered += 1;
    this.#busyMs += ms;
    if (status === 503) this.#refused += 1;
    else if (status >= 500) this.#failed += 1;
  }

  /** Since the last call. @param ms since then */
  take(ms: number): { requests: number; refused: number; failed: number; underWay: number } {
    const taken = {
      requests: this.#answered,
      refused: this.#refused,
      failed: this.#failed,
      // On average (Little's law). Requests that overlap two times count in the second: they take seconds, a time is a minute.
      underWay: this.#busyMs / ms,
    };
    this.#answered = this.#refused = this.#failed = this.#busyMs = 0;
    return taken;
  }
}

/** Says them at regular times. @returns what ends that */
export function sayFigures(figures: Figures, fleet: Fleet, log: Log, seconds: number): () => void {
  let last = Date.now();
  let said = { opened: 0, limited: 0, keyHits: 0, keyMisses: 0 };
  const timer = setInterval(() => {
    const now = Date.now();
    const { requests, refused, failed, underWay } = figures.take(Math.max(1, now - last));
    last = now;
    const { healthy, enclaves } = fleet;
    const total = totalOf(fleet);
    log('info', 'figures', {
      requests,
      refused,
      failed,
      // Of one enclave. With none that is healthy there is nothing to divide by, and nothing was under way for long.
      busy: Number((underWay / Math.max(1, healthy)).toFixed(3)),
      healthy,
      missing: enclaves.length - healthy,
      // By the enclaves' own count: an API that leaves decryptions out of its audit does not leave them out here.
      opened: total.opened - said.opened,
      limited: total.limited - said.limited,
      // Questions to KMS for records' keys against records opened without one; and keys in memory, of all enclaves.
      key_hits: total.keyHits - said.keyHits,
      key_misses: total.keyMisses - said.keyMisses,
      keys: enclaves.reduce((sum, { keys }) => sum + keys, 0),
      // Of the instance, which is replaced every day.
      up_hours: Number((uptime() / 3600).toFixed(2)),
    });
    said = total;
  }, seconds * 1000);
  timer.unref();
  return () => clearInterval(timer);
}

function totalOf({ enclaves }: Fleet) {
  const sum = (of: 'opened' | 'limited' | 'keyHits' | 'keyMisses'): number =>
    enclaves.reduce((total, enclave) => total + enclave[of].total, 0);
  return {
    opened: sum('opened'),
    limited: sum('limited'),
    keyHits: sum('keyHits'),
    keyMisses: sum('keyMisses'),
  };
}
