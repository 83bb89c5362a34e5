// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { AdminError } from '../errors.ts';
import type { RowSource, SourceRow } from './row.ts';

/** The beginning of an input: so many rows, and their digest. */
export interface Prefix {
  readonly rows: number;
  readonly digest: string;
  /** Size of the input, where it has one. */
  readonly bytes: number | null;
  /** Behind these rows it could not be read: mended there, it is of another size, and begins as it did. */
  readonly unreadable?: true;
}

export const NOTHING_READ: Pick<Prefix, 'rows' | 'digest'> = {
  rows: 0,
  digest: createHash('sha256').digest('hex'),
};

/**
 * Rows after those that an earlier run settled, of an input that begins as it did then. All that it had read is compared before any
 * row is given out: in a file with a row more at its top, each number would be another row's.
 */
export class CheckedRows {
  readonly #source: RowSource;
  readonly #settled: number;
  readonly #known: Prefix;
  readonly #hash = createHash('sha256');
  #rows = 0;
  #bytes = 0;
  #settledBytes = 0;
  /** Until then the next run has to find what this one was to find. */
  #compared: boolean;
  #unreadable = false;

  constructor(source: RowSource, settled: number, known: Prefix) {
    this.#source = source;
    this.#settled = settled;
    this.#known = known;
    this.#compared = known.rows === 0;
  }

  /** What the next run has to find again. */
  get prefix(): Prefix {
    return this.#compared ? this.#read : this.#known;
  }

  /** Bytes of the input that an earlier run settled; 0 until they were read again. */
  get settledBytes(): number {
    return this.#settledBytes;
  }

  /** While rows of an earlier run are compared: bytes that were read again. Nothing is sent until then. */
  get comparing(): number | undefined {
    return this.#compared ? undefined : this.#bytes;
  }

  get #read(): Prefix {
    return {
      rows: this.#rows,
      digest: this.#hash.copy().digest('hex'),
      bytes: this.#source.bytes ?? null,
      ...(this.#unreadable && { unreadable: true }),
    };
  }

  async *#found(): AsyncGenerator<SourceRow> {
    try {
      yield* { [Symbol.asyncIterator]: () => this.#source.rows() };
    } catch (error) {
      this.#unreadable = true;
      throw error;
    }
  }

  /** @throws {AdminError} `input_changed` */
  async *rows(): AsyncGenerator<SourceRow> {
    const early: SourceRow[] = [];
    for await (const row of this.#found()) {
      this.#hash.update(`${row.n}\n${row.text}\n`);
      this.#rows = row.n;
      this.#bytes = row.end;
      if (row.n === this.#settled) this.#settledBytes = row.end;
      if (row.n < this.#known.rows) {
        if (row.n > this.#settled) early.push(row);
        continue;
      }
      if (row.n === this.#known.rows) {
        if (this.#read.digest !== this.#known.digest) throw changed();
        this.#compared = true;
        yield* early.splice(0);
        if (row.n <= this.#settled) continue;
      }
      yield row;
    }
    if (this.#rows < this.#known.rows) throw changed();
  }
}

const changed = (): AdminError =>
  new AdminError('input_changed', 'the input is not what it was when the job began: its rows are others');
