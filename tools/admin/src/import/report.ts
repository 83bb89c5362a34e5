// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { OutFile } from '../bulk/out-file.ts';
import { AdminError } from '../errors.ts';

/** What became of one item, as the report has it: names and codes, never a value. */
export interface ReportLine {
  /** null: the item has none. */
  readonly id: string | null;
  readonly result: 'imported' | 'already' | 'skipped';
  readonly code?: string;
  /** Fields that a skip is about. */
  readonly fields?: readonly string[];
  /** Fields that were left behind. */
  readonly dropped?: readonly string[];
  readonly replaced?: true;
  readonly changed_here?: true;
  /** Where it was found. */
  readonly at: string;
}

const LONGEST_NAME = 128;

/**
 * The report as JSON lines. It goes with the state: what came after the state that is gone on from is cut off. It is made with its first
 * line, when there is a state already, so that an import that was killed before is in its own way nowhere. A failure to write it stays.
 */
export class Report {
  readonly #file: OutFile | undefined;
  /** Without a report, what an earlier run's had. */
  readonly #kept: number | undefined;

  /**
   * @param path undefined: there is none
   * @param keep its length in the state, in bytes; undefined: no run had one, and nothing may be there
   * @throws {AdminError} `output_exists`, `job_other`, `file_unwritable`
   */
  constructor(path: string | undefined, keep: number | undefined) {
    this.#kept = keep;
    if (path === undefined) return;
    if (keep !== undefined && keep > 0 && !existsSync(path))
      throw new AdminError(
        'job_other',
        `${path} is not there any more, and the state goes on from it: put it back, or begin with another --state`,
      );
    this.#file = new OutFile(path, keep);
  }

  /** @throws {AdminError} `file_unwritable` */
  add(line: ReportLine): void {
    const { fields, dropped, ...rest } = line;
    const named = { ...(fields && { fields: short(fields) }), ...(dropped && { dropped: short(dropped) }) };
    this.#file?.append(`${JSON.stringify({ ...rest, ...named })}\n`);
  }

  /** Makes what was added durable. @returns the length of the report in bytes, if there is one @throws {AdminError} `file_unwritable` */
  flush(): number | undefined {
    return this.#file === undefined ? this.#kept : this.#file.flush();
  }

  /** @throws {AdminError} `file_unwritable` */
  close(): void {
    try {
      this.flush();
    } finally {
      this.#file?.close();
    }
  }
}

/** Names of attributes are the source's, and up to 64 KB long. */
const short = (names: readonly string[]): string[] => names.map((name) => name.slice(0, LONGEST_NAME));
