// SPDX-License-Identifier: Apache-2.0
import type { Run } from '../support/run.ts';
import type { Deployment, KeyCache, Request } from './arithmetic.ts';

/** What the model reckons with; all else follows from prices and quotas. */
export interface ModelResult extends Run {
  readonly deployment: Omit<Deployment, 'region'>;
  readonly cache: KeyCache;
  readonly requests: {
    /** Each decryption unwraps its record's key by a call of KMS. */
    readonly cold: Request;
    /** The enclave has the keys of hot records. */
    readonly hot: Request;
    readonly create: Request;
  };
  /** Where a figure is from: measured by which script, or taken for true. */
  readonly sources: readonly string[];
}

export const RATES = [1, 10, 100, 1_000, 10_000, 100_000] as const;
