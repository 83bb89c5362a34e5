// SPDX-License-Identifier: Apache-2.0

/** Times in milliseconds. Tests give others; nothing else in the plans is a time. */
export interface Limits {
  /** Between two looks at a stack or a change set. */
  readonly poll: number;
  /** CloudFormation's work on a change set. */
  readonly changeSet: number;
  /** One stack, from its execution to its end. */
  readonly stack: number;
  /** After roles were made, until every service knows them (IAM is eventually consistent). */
  readonly iamSettles: number;
  readonly signing: number;
  /** From the end of the stack of instances until every new one is healthy. */
  readonly health: number;
  /** Deletion of one stack, with its repetitions while network interfaces of functions go. */
  readonly deletion: number;
  /** Between two attempts at a deletion. */
  readonly deletionRetry: number;
}

const MINUTE = 60_000;

export const LIMITS: Limits = {
  poll: 5_000,
  changeSet: 10 * MINUTE,
  // Instances are replaced one by one, each within a quarter of an hour.
  stack: 360 * MINUTE,
  iamSettles: 15_000,
  signing: 5 * MINUTE,
  health: 30 * MINUTE,
  // Lambda documents no bound; forty minutes have been reported.
  deletion: 90 * MINUTE,
  deletionRetry: 30_000,
};
