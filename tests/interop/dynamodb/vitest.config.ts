// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from 'vitest/config';

const { DYNAMODB_LOCAL, MOTO } = process.env;

/** The suites of main.heavy.ts: each needs the stand-ins that its folder is named after. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: [
      ...(DYNAMODB_LOCAL ? ['suites/local/**/*.test.ts'] : []),
      ...(MOTO ? ['suites/moto/**/*.test.ts'] : []),
      ...(DYNAMODB_LOCAL && MOTO ? ['suites/both/**/*.test.ts'] : []),
    ],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
