// SPDX-License-Identifier: Apache-2.0

export interface CountsJson {
  readonly imported: number;
  readonly replaced: number;
  readonly already: number;
  readonly logs: number;
  readonly skipped: Readonly<Record<string, number>>;
}

/** What became of the items seen so far. */
export class Counts {
  imported = 0;
  /** Of the imported: those of which an older state was here. */
  replaced = 0;
  already = 0;
  /** Entries of the sample's log, left where they are. */
  logs = 0;
  readonly #skipped: Map<string, number>;

  constructor(from?: CountsJson) {
    this.#skipped = new Map(Object.entries(from?.skipped ?? {}));
    if (from === undefined) return;
    ({ imported: this.imported, replaced: this.replaced, already: this.already, logs: this.logs } = from);
  }

  skip(code: string): void {
    this.#skipped.set(code, (this.#skipped.get(code) ?? 0) + 1);
  }

  get skipped(): number {
    return [...this.#skipped.values()].reduce((a, b) => a + b, 0);
  }

  /** All items, log entries included. */
  get seen(): number {
    return this.imported + this.already + this.skipped + this.logs;
  }

  json(): CountsJson {
    const { imported, replaced, already, logs } = this;
    return { imported, replaced, already, logs, skipped: Object.fromEntries([...this.#skipped].sort()) };
  }
}
