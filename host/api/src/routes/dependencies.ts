// SPDX-License-Identifier: Apache-2.0
import type { RecordKeyFigures, RecordSchema, Vault } from '@enclave-vault/vault';
import type { TokenBuckets } from '../http/token-bucket.ts';
import type { Meter } from '../observe/meter.ts';
import type { Metrics } from '../observe/metrics.ts';

/** State of one part of the vault. `reason` is a stable code. */
export interface PartHealth {
  readonly ok: boolean;
  readonly reason?: string;
}

/** What the routes work with. */
export interface RouteDependencies {
  /** The open vault. @throws {ApiError} `starting` until it is */
  readonly vault: () => Vault;
  readonly schema: RecordSchema;
  /** Figures of others, in the same format, that are shown at /metrics as well. Never throws. */
  readonly figures: () => Promise<string>;
  /** Processes at the same port: they are told how to get this one's figures, and give those of all. */
  readonly peers?: { show(own: () => Promise<string>): void; figures(): Promise<string> } | undefined;
  /** Of the open vault; undefined until it is. */
  readonly recordKeys: () => RecordKeyFigures | undefined;
  /** What is shown at /metrics. */
  readonly metrics: Metrics;
  readonly meter: Meter;
  /** Looks at every part: `store`, `enclave`. Never throws. */
  readonly health: () => Promise<Readonly<Record<string, PartHealth>>>;
  /** Decryptions of one actor: each takes a token of every one of these. */
  readonly decrypts: readonly TokenBuckets[];
  /** Attestations of one actor. */
  readonly attestations: TokenBuckets;
}
