// SPDX-License-Identifier: Apache-2.0
import type { Run } from '../plan/run.ts';

/** A stack that stays, and what of it has a name elsewhere. */
export interface KeptStack {
  readonly stack: string;
  readonly region: string;
  readonly why: string;
  /** Outputs that are ARNs or names: keys, table, log group, bucket. */
  readonly holds: Readonly<Record<string, string>>;
  /** Keys of KMS, which cost by the month. */
  readonly keys: number;
}

/** What was taken away and what was not: for whoever comes back, or asks what still costs money. */
export interface Receipt {
  readonly vault: string;
  readonly account: string;
  readonly region: string;
  /** RFC 3339. */
  readonly finished: string;
  readonly deleted: readonly { readonly stack: string; readonly region: string }[];
  readonly kept: readonly KeptStack[];
  /** Retained by their stacks: `AWS::Logs::LogGroup /vault/flow`. They end as their retention says. */
  readonly left: readonly string[];
  readonly keysAreShut: boolean;
  readonly monthly: { readonly keysUsd: number; readonly note: string };
  readonly comeBack: string;
}

/** US dollars a key and month (aws.amazon.com/kms/pricing, read in 2025); a replica counts as a key. */
const KEY_MONTHLY_USD = 1;

const WHY: Readonly<Record<string, string>> = {
  controllers: 'the deployment and the break-glass role: nobody else can manage keys and table',
  base: 'the key that logs are encrypted with, the topic of alarms',
  keys: 'without them no record can be opened again',
  'keys-replica': 'replicas of the keys',
  data: 'the records, their audit log and its heads',
  evidence: 'the trail of what was done, this included',
  signing: 'what images and releases are signed with: other keys would be another PCR8',
};

export function whyKept(stage: string): string {
  return WHY[stage] ?? 'kept by its stage';
}

export function receiptOf(
  { config, clock }: Run,
  parts: Pick<Receipt, 'deleted' | 'kept' | 'left' | 'keysAreShut'>,
): Receipt {
  const keys = parts.kept.reduce((sum, { keys: count }) => sum + count, 0);
  return {
    vault: config.name,
    account: config.account,
    region: config.region,
    finished: new Date(clock.now()).toISOString(),
    ...parts,
    monthly: {
      keysUsd: keys * KEY_MONTHLY_USD,
      note: 'and storage: the table with its point-in-time copies, log groups, the bucket of the trail, by the gigabyte',
    },
    comeBack:
      parts.kept.length === 0
        ? 'nothing is left to come back to'
        : `npm run deploy with the same deploy.json (name ${config.name}): it finds these stacks and uses them`,
  };
}
