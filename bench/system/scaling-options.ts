// SPDX-License-Identifier: Apache-2.0

/** Of bench/scaling.ts; the page names those of its run that were others. */
export const SCALING_OPTIONS = {
  json: { type: 'string' },
  rounds: { type: 'string', default: '3' },
  seconds: { type: 'string', default: '3' },
  'warm-up': { type: 'string', default: '1' },
  clients: { type: 'string', default: '64' },
  // apis x enclaves, and @ how many processors all of it is confined to
  layouts: { type: 'string', default: '1x1@1,1x1,2x1,1x2,2x2' },
  // Creates are last: the pool of key pairs is filled up again after them.
  operations: { type: 'string', default: 'decrypt-hot,get,decrypt-cold,create' },
  hot: { type: 'string', default: '300' },
  // For each enclave, and more than it keeps keys of: none of them is there when it comes again.
  cold: { type: 'string', default: '2100' },
} as const;
