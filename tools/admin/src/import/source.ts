// SPDX-License-Identifier: Apache-2.0
import type { Attributes } from './attributes.ts';

/** Where reading goes on: a number of lines, or the key that a scan came to. */
export type Position = number | { readonly pk: string; readonly sk: string };

/** One item as it was found; undefined: what was found is none. */
export interface Found {
  readonly item: Attributes | undefined;
  /** For the report, e.g. `data/abc.json.gz:17`. */
  readonly at: string;
}

/** Some items of a part, in order. */
export interface Page {
  readonly found: readonly Found[];
  /** Log entries that were left at the source. */
  readonly logs: number;
  /** Where the next page begins; null: this was the last one. */
  readonly next: Position | null;
}

/** A part of a source that is read in order: a file, or a segment of a table. */
export interface Part {
  readonly id: string;
  /** @param from undefined: from the beginning */
  pages(from: Position | undefined): AsyncIterable<Page>;
}

/** Records of the sample. Reading it again gives the same items, but for what changed in a live table. */
export interface Source {
  /** What it is, for the audit: at most 200 characters. */
  readonly label: string;
  /** What must be the same for an interrupted import to go on. */
  readonly fingerprint: string;
  readonly parts: readonly Part[];
  /** Items there are, about, records and log entries together; undefined when that is not known. */
  readonly items: number | undefined;
  /** Parts read at once. */
  readonly parallel: number;
  close(): void;
}
