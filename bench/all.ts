// SPDX-License-Identifier: Apache-2.0
/** All measurements, one after the other: `npm run bench`. Arguments go to the system bench (`-- --json FILE`). */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

for (const [script, args] of [
  ['crypto.ts', []],
  ['system.ts', process.argv.slice(2)],
] as const) {
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, script), ...args], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}
