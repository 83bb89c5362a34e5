// SPDX-License-Identifier: Apache-2.0

/** The errors of a store are the vault's StoreError. These are of the file sink. */
export type SinkErrorCode =
  /** The file cannot be opened, read or written. */
  | 'sink_unavailable'
  /** A line is not one that this program wrote: the file was edited, or is another file. */
  | 'sink_malformed'
  | 'sink_closed';

export class SinkError extends Error {
  override readonly name = 'SinkError';
  readonly code: SinkErrorCode;
  /** Line of the file, from 1, for `sink_malformed`. */
  readonly line: number | undefined;
  constructor(code: SinkErrorCode, line?: number, options?: ErrorOptions) {
    super(line === undefined ? code : `${code}: line ${line}`, options);
    this.code = code;
    this.line = line;
  }
}
