// SPDX-License-Identifier: Apache-2.0
import type { Log } from './log.ts';
import { refusalOf } from './refusal.ts';

/** Lines of one window: whoever reaches the port can be refused as often as he likes, and the log is not his to fill. */
const LINES = 20;
const WINDOW_MS = 10_000;

/**
 * Logs refused connections: the first twenty of each ten seconds, with how many before them went unsaid.
 * @param now ms, never going back
 */
export function refusalLog(log: Log, now: () => number = () => performance.now()) {
  let began = Number.NEGATIVE_INFINITY;
  let lines = 0;
  let unsaid = 0;
  return (code: unknown, from: string | undefined): void => {
    if (now() - began >= WINDOW_MS) {
      began = now();
      lines = 0;
    }
    if (lines >= LINES) {
      unsaid += 1;
      return;
    }
    lines += 1;
    const more = unsaid === 0 ? {} : { unsaid };
    unsaid = 0;
    const reason = refusalOf(code);
    log('warn', 'channel_refused', { side: 'server', reason, code: String(code), from, ...more });
  };
}
