// SPDX-License-Identifier: Apache-2.0

/** The sections of docs/performance.md in their order: add yours when bench/page/NAME.ts is there. */
export const SECTIONS: readonly string[] = [
  'system',
  'crypto',
  'kms-latency',
  'bulk',
  'scaling',
  'scale',
  'startup',
  'dynamodb',
  'model',
];

export const INTRODUCTION = `<!-- written by node bench/page.ts from bench/results -->
# Performance

Every figure here comes from a script of this repository, or is reckoned from such figures with prices and quotas that are named; \`npm run bench\` repeats them (with \`--long\` also many records in and out, and the store by the number of records).
Compare ratios, not times, and only within a section: each was measured at the commit and day that stand at its end, on processors that are shared with others. Where a section names options, the command under it repeats it. A commit with \`+\` had uncommitted changes.`;
