// SPDX-License-Identifier: Apache-2.0
import { createInterface } from 'node:readline/promises';
import { DeployError } from './errors.ts';
import type { Clock, Console } from './ports.ts';

/**
 * Time that passes, until Ctrl-C: the first ends the wait that is under way, with a word on how to go on; the second ends the
 * process at once. CloudFormation works on in either case.
 */
export function processClock(): Clock {
  const stopped = new AbortController();
  process.once('SIGINT', () => stopped.abort());
  return {
    now: Date.now,
    sleep: (ms) =>
      new Promise((done, fail) => {
        const interrupted = (): void => {
          clearTimeout(timer);
          fail(new DeployError('interrupted', 'stopped by Ctrl-C'));
        };
        const timer = setTimeout(() => {
          stopped.signal.removeEventListener('abort', interrupted);
          done();
        }, ms);
        if (stopped.signal.aborted) interrupted();
        else stopped.signal.addEventListener('abort', interrupted, { once: true });
      }),
  };
}

/** Progress on standard error, so that standard output holds results alone; questions where both ends are a terminal. */
export function processConsole(): Console {
  return {
    say: (line) => {
      process.stderr.write(`${line}\n`);
    },
    ask: async (question) => {
      if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return await lines.question(question);
      } catch {
        throw new DeployError('interrupted', 'stopped by Ctrl-C instead of an answer');
      } finally {
        lines.close();
      }
    },
  };
}
