// SPDX-License-Identifier: Apache-2.0
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Compiled code is kept, as the commands keep it: workers, and the processes that tests start, begin with less work.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/enclave-vault');

/**
 * Functions of their arguments alone: no processes, no environment, no fake clocks, no mocked modules. Files of these share a
 * worker's modules, so that aws-cdk-lib and the schema engine of templates are loaded once for a worker and not once for a file.
 */
const PURE = [
  '{policies,infra}/test/**/*.test.ts',
  'emulators/{iam,account}/test/**/*.test.ts',
  'trusted/{codec,hpke,protocol,records}/test/**/*.test.ts',
  'verifier/*/test/**/*.test.ts',
  'tools/docs-check/test/**/*.test.ts',
];

/**
 * Two projects for all packages. Heavy suites (interop, kill loop, schemathesis) are scripts of their own
 * and are named *.heavy.ts so that `npm test` does not pick them up.
 */
export default defineConfig({
  test: {
    pool: 'forks',
    // Vitest leaves a core to itself; with two that would be one file after the other, most of them waiting for processes.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Against what hangs, and no measure of speed: tests that start whole vaults take a minute beside other work.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    projects: [
      { extends: true, test: { name: 'pure', include: PURE, isolate: false } },
      {
        extends: true,
        test: {
          name: 'vault',
          include: [
            '{trusted,verifier,host,emulators,tools}/*/test/**/*.test.ts',
            'canary/test/**/*.test.ts',
            'images/*/test/**/*.test.ts',
            'tests/{bench,budget,e2e,attacks,properties,boundaries,fuzz,timing}/**/*.test.ts',
          ],
          exclude: ['**/node_modules/**', ...PURE],
        },
      },
    ],
  },
});
