// SPDX-License-Identifier: Apache-2.0
import { closeSync, fdatasyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';

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

/** The report as JSON lines. It goes with the state: what came after the state that is gone on from is cut off. */
export class Report {
  readonly #file: number | undefined;
  #waiting: string[] = [];
  #bytes: number;

  /** @param path undefined: there is none */
  constructor(path: string | undefined, keep: number) {
    this.#file = path === undefined ? undefined : openSync(path, keep === 0 ? 'w' : 'r+', 0o600);
    this.#bytes = path === undefined ? 0 : keep;
    if (this.#file !== undefined) ftruncateSync(this.#file, keep);
  }

  add(line: ReportLine): void {
    if (this.#file === undefined) return;
    const { fields, dropped, ...rest } = line;
    const named = { ...(fields && { fields: short(fields) }), ...(dropped && { dropped: short(dropped) }) };
    this.#waiting.push(`${JSON.stringify({ ...rest, ...named })}\n`);
  }

  /** Makes what was added durable. @returns the length of the report in bytes */
  flush(): number {
    if (this.#file === undefined || this.#waiting.length === 0) return this.#bytes;
    const text = Buffer.from(this.#waiting.join(''));
    this.#waiting = [];
    for (let done = 0; done < text.length; ) {
      done += writeSync(this.#file, text, done, text.length - done, this.#bytes + done);
    }
    this.#bytes += text.length;
    fdatasyncSync(this.#file);
    return this.#bytes;
  }

  close(): void {
    this.flush();
    if (this.#file !== undefined) closeSync(this.#file);
  }
}

/** Names of attributes are the source's, and up to 64 KB long. */
const short = (names: readonly string[]): string[] => names.map((name) => name.slice(0, LONGEST_NAME));
