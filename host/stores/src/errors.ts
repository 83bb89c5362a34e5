// SPDX-License-Identifier: Apache-2.0

/** The errors of a store are the vault's StoreError. These are of audit sinks. */
export type SinkErrorCode =
  /** The file, or log group, cannot be opened, read or written. */
  | 'sink_unavailable'
  /** A line, or event, is not one that this program wrote: it was edited, or is of something else. */
  | 'sink_malformed'
  | 'sink_closed';

export class SinkError extends Error {
  override readonly name = 'SinkError';
  readonly code: SinkErrorCode;
  /** Line of the file, or event of the log group, from 1, for `sink_malformed`. */
  readonly line: number | undefined;
  /** @param options `detail`: what failed, by names alone */
  constructor(code: SinkErrorCode, line?: number, options?: ErrorOptions & { readonly detail?: string }) {
    const detail = line === undefined ? options?.detail : `line ${line}`;
    super(detail === undefined ? code : `${code}: ${detail}`, options);
    this.code = code;
    this.line = line;
  }
}
