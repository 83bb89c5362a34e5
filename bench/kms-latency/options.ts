// SPDX-License-Identifier: Apache-2.0

/** Of bench/kms-latency.ts; the page names those of its run that were others. */
export const LATENCY_OPTIONS = {
  json: { type: 'string' },
  latency: { type: 'string', default: '30' },
  rounds: { type: 'string', default: '5' },
  seconds: { type: 'string', default: '4' },
  'warm-up': { type: 'string', default: '2' },
  clients: { type: 'string', default: '1,8,64' },
  // So many that neither the size nor the rate decides: the local KMS has no quota.
  pool: { type: 'string', default: '2000,5000' },
  hot: { type: 'string', default: '200' },
} as const;
