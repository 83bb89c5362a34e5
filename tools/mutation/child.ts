// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';

/** Somebody ended the run: what else was to be done is not. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

/** ms in which a second signal is the first one come by another way: npm passes on what the terminal sent to all. */
const SAME_SIGNAL = 1000;

/**
 * Runs Node with what it says passed on; ends it when this program is ended, and waits until it has.
 *
 * Stryker writes what it has found when it is asked to end, and drops that when it is asked twice. So it is in a process
 * group of its own, where a signal to ours does not come, and is asked once; again only when somebody asks again later.
 *
 * @throws Stopped when this program was to end; Error when the child fails
 */
export async function runNode(cwd: string, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, args, { cwd, stdio: 'inherit', detached: true });
  let asked: number | undefined;
  const end = (): void => {
    const now = performance.now();
    if (asked !== undefined && now - asked < SAME_SIGNAL) return;
    asked = now;
    child.kill('SIGTERM');
  };
  process.on('SIGINT', end).on('SIGTERM', end).on('SIGHUP', end);
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        if (asked !== undefined) reject(new Stopped('stopped'));
        else if (code === 0) resolve();
        else reject(new Error(`Stryker ended with ${signal ?? code}`));
      });
    });
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end).off('SIGHUP', end);
  }
}
