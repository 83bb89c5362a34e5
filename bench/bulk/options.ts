// SPDX-License-Identifier: Apache-2.0

/** Of bench/bulk.ts; the page names those of its run that were others. */
export const BULK_OPTIONS = {
  json: { type: 'string' },
  records: { type: 'string', default: '20000' },
  format: { type: 'string', default: 'csv' },
  concurrency: { type: 'string', default: '4' },
  batch: { type: 'boolean', default: false },
  /** Of the local KMS, `100,10000` say. */
  'kms-quota': { type: 'string' },
  'kms-latency': { type: 'string' },
  'key-pool': { type: 'string' },
  apis: { type: 'string' },
  enclaves: { type: 'string' },
  keep: { type: 'string' },
  /** Ends the export after so many minutes, for a machine that is there for a time: the result says how many came out. */
  'export-minutes': { type: 'string' },
} as const;
