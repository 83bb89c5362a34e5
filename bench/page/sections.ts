// SPDX-License-Identifier: Apache-2.0

/** The sections of docs/performance.md in their order: add yours when bench/page/NAME.ts is there. */
export const SECTIONS: readonly string[] = [
  'crypto',
  'system',
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

Every figure here was measured by a script of this repository, or reckoned from that with prices and quotas that are named as such, and is made into this page by another: \`npm run bench\` repeats it (\`--long\` for many records in
and out, and the store by the number of records). Machines differ: compare ratios, which come from candidates that took turns in one run, and within a section only: sections were measured at different commits and hours, which each names, on processors that are shared with others. Where a section names options, the command under it repeats it. A commit with \`+\` had changes that it does not hold.`;
