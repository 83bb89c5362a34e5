// SPDX-License-Identifier: Apache-2.0
import type { Counts } from './counts.ts';

const EVERY_MS = { terminal: 500, log: 10_000 };

/** Tells on stderr how an import goes: one line that changes on a terminal, else a line now and then. */
export class Progress {
  readonly #counts: Counts;
  readonly #items: number | undefined;
  readonly #write: (text: string) => void;
  readonly #terminal: boolean;
  readonly #began = performance.now();
  readonly #before: number;
  readonly #timer: NodeJS.Timeout;

  /** @param items about how many there are, if that is known */
  constructor(
    counts: Counts,
    items: number | undefined,
    stream: { readonly isTTY?: boolean; write(text: string): unknown } = process.stderr,
  ) {
    this.#counts = counts;
    this.#items = items;
    this.#terminal = stream.isTTY === true;
    this.#write = (text) => stream.write(text);
    this.#before = counts.seen;
    this.#timer = setInterval(() => this.#tell(), this.#terminal ? EVERY_MS.terminal : EVERY_MS.log);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#tell();
    if (this.#terminal) this.#write('\n');
  }

  #tell(): void {
    const seconds = Math.max(0.001, (performance.now() - this.#began) / 1000);
    const line = progressLine(this.#counts, this.#items, (this.#counts.seen - this.#before) / seconds);
    this.#write(this.#terminal ? `\r\x1b[K${line}` : `${line}\n`);
  }
}

/** @param rate items a second */
export function progressLine(counts: Counts, items: number | undefined, rate: number): string {
  const { imported, already, skipped, logs, seen } = counts;
  const known = items !== undefined && items >= seen;
  const share = known && items > 0 ? ` (${Math.floor((100 * seen) / items)}%)` : '';
  const left = known && rate > 0 ? `, about ${duration((items - seen) / rate)} left` : '';
  return (
    `${imported} imported, ${already} already there, ${skipped} skipped, ${logs} log entries left out: ` +
    `${seen}${known ? ` of ${items}` : ''} items${share}, ${Math.round(rate)}/s${left}`
  );
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.ceil(minutes / 60)} h`;
}
