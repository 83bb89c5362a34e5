// SPDX-License-Identifier: Apache-2.0
import type { Counts } from './counts.ts';

const EVERY_MS = { terminal: 500, log: 10_000 };

interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Tells on stderr how a long job goes: one line that changes on a terminal, else a line now and then. */
export class Ticker {
  readonly #line: (seconds: number) => string;
  readonly #write: (text: string) => void;
  readonly #terminal: boolean;
  readonly #began = performance.now();
  readonly #timer: NodeJS.Timeout;

  /** @param line what to tell after so many seconds, which are never 0 */
  constructor(line: (seconds: number) => string, stream: Terminal = process.stderr) {
    this.#line = line;
    this.#terminal = stream.isTTY === true;
    this.#write = (text) => stream.write(text);
    this.#timer = setInterval(() => this.#tell(), this.#terminal ? EVERY_MS.terminal : EVERY_MS.log);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#tell();
    if (this.#terminal) this.#write('\n');
  }

  #tell(): void {
    const seconds = Math.max(0.001, (performance.now() - this.#began) / 1000);
    const line = this.#line(seconds);
    this.#write(this.#terminal ? `\r\x1b[K${line}` : `${line}\n`);
  }
}

/** How an import of the sample goes. */
export class Progress extends Ticker {
  /** @param items about how many there are, if that is known */
  constructor(counts: Counts, items: number | undefined, stream?: Terminal) {
    const before = counts.seen;
    super((seconds) => progressLine(counts, items, (counts.seen - before) / seconds), stream);
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

export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.ceil(minutes / 60)} h`;
}
