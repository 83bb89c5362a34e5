// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from 'vitest/config';

/** The suites of main.heavy.ts: they need the peers that it starts. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['suites/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
