// SPDX-License-Identifier: Apache-2.0

/** The newest entry of an audit chain. */
export interface AuditHead {
  /** Id of the chain: a vault id, `key_<id>` of an API key, or `system_<tenant>`. */
  readonly log: string;
  /** Number of the entry, from 1. */
  readonly n: number;
  /** The entry's hash, 32 bytes. */
  readonly hash: Uint8Array;
  /** Microseconds since the epoch. */
  readonly time: number;
}

/**
 * A place where heads can be added and never taken away. What it holds shows truncation and rollback of the
 * store's chains; a head may come twice, and heads of one chain may come out of order.
 */
export interface AuditSink {
  /** Resolves when the head is durable there. An error with a `code` has a message fit for a log. */
  append(head: AuditHead): Promise<void>;
}
