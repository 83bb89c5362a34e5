// SPDX-License-Identifier: Apache-2.0
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/**
 * One project for all packages. Heavy suites (interop, kill loop, schemathesis) are scripts of their own
 * and are named *.heavy.ts so that `npm test` does not pick them up.
 */
export default defineConfig({
  test: {
    include: [
      '{trusted,verifier,host,emulators,tools}/*/test/**/*.test.ts',
      'policies/test/**/*.test.ts',
      'canary/test/**/*.test.ts',
      'infra/test/**/*.test.ts',
      'images/*/test/**/*.test.ts',
      'tests/{e2e,attacks,properties,boundaries}/**/*.test.ts',
    ],
    pool: 'forks',
    // Vitest leaves a core to itself; with two that would be one file after the other, most of them waiting for processes.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Against what hangs, and no measure of speed: tests that start whole vaults take half a minute beside other work.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
