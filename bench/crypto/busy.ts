// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { availableParallelism, constants, setPriority } from 'node:os';

/** Whatever becomes of this process: they end by themselves. */
const SPIN = 'const until = Date.now() + 300_000; while (Date.now() < until);';

/** Does something while all cores are kept awake by processes that give way to everything else: what waits for another thread then waits for no core to wake up. */
export async function withCoresAwake<T>(work: () => Promise<T>): Promise<T> {
  const spinning = Array.from({ length: availableParallelism() }, () => {
    const child = spawn(process.execPath, ['-e', SPIN], { stdio: 'ignore' });
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
    return child;
  });
  try {
    return await work();
  } finally {
    for (const child of spinning) child.kill('SIGKILL');
  }
}
