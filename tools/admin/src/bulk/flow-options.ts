// SPDX-License-Identifier: Apache-2.0
import type { Outcome, SourceRow } from './row.ts';

export interface FlowOptions {
  /** Rows after {@link settled}, without a gap. */
  readonly rows: AsyncIterator<SourceRow>;
  /** Rows that an earlier run settled. */
  readonly settled: number;
  /** Rows up to here an earlier run may have sent. */
  readonly reserved: number;
  /** When it may have sent the first of them, ms since the epoch. */
  readonly since: number;
  /** Rows up to {@link reserved} that were never answered are not sent, and come out as `uncertain`. */
  readonly skipUncertain: boolean;
  /** A row that was sent before is not sent again after this time, ms; undefined: always. */
  readonly resendWithin: number | undefined;
  /** Time without any answer after which it is given up, ms. */
  readonly patience: number;
  /** Rows read and not settled, and what they and their outcomes take together. */
  readonly most: { readonly rows: number; readonly characters: number };
  /** Called in the order of rows, for each once. What it throws ends the flow, and the row is not settled. */
  readonly settle: (n: number, outcome: Outcome) => void;
  /** Makes durable that rows up to this one may be sent. What it throws ends the flow, and none of them is. */
  readonly reserve: (n: number) => void;
  /** ms since the epoch: for what outlives this process. */
  readonly now?: () => number;
  /** ms of a clock that nobody sets: for all else. */
  readonly monotonic?: () => number;
}
