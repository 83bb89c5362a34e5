// SPDX-License-Identifier: Apache-2.0

/** Why a row has no result: codes and names, never a value. */
export interface Refusal {
  /** One of the API's (docs/errors.md), or one of {@link LOCAL_REFUSALS}. */
  readonly code: string;
  readonly members?: readonly { readonly path: string; readonly code: string }[];
}

/** What is refused here, and never sent. */
export const LOCAL_REFUSALS = {
  json_invalid: 'The line is not JSON, or not an object',
  json_not_utf8: 'The line is not UTF-8',
  body_too_large: 'The line is longer than 1 MiB',
  column_count: 'The row has more or fewer cells than the header',
  row_empty: 'No cell that would be a field holds anything, or the line is an object without members',
  id_invalid: 'The line names no vault',
  uncertain: 'It was sent more than 23 hours ago and never answered: it may be there already',
} as const satisfies Record<string, string>;

/** One row of the input: what the item to be sent is made of, or why nothing is. */
export type SourceRow = {
  readonly n: number /** Bytes of the input up to its end. */;
  readonly end: number;
} & ({ readonly text: string } | { readonly text: ''; readonly refusal: Refusal });

/** Rows in their order, numbered from 1: the header of a CSV file and blank lines do not count. */
export interface RowSource {
  rows(): AsyncIterator<SourceRow>;
  /** Bytes of the input; undefined for one that has no end to be seen, as a pipe. */
  readonly bytes: number | undefined;
}

/** A row that was sent, or is about to be. */
export interface Sendable {
  readonly n: number;
  readonly text: string;
  /** ms since the epoch; undefined: it was never sent. */
  sentAt: number | undefined;
  /** How often it was answered by an error that may pass. */
  failures: number;
  /** It was sent more than once, or may have been by an earlier run. */
  again: boolean;
}

/** What became of a row. */
export type Outcome =
  | { readonly ok: true; readonly text: string; readonly failed?: Refusal }
  | { readonly ok: false; readonly refusal: Refusal; readonly kept?: string };
