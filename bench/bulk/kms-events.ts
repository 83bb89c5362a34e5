// SPDX-License-Identifier: Apache-2.0
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { openIfThere } from '../support/open-if-there.ts';

const EVERY_MS = 500;
const CHUNK = 1024 * 1024;
/** Behind the name of an operation that KMS answered with an error: above its quota, say. */
export const REFUSED = ', refused';

/**
 * Counts the calls that the local KMS writes down, by operation, while they come: its file is begun anew when it is full, and the one before
 * is kept under another name.
 */
export class KmsEvents {
  readonly #path: string;
  readonly #timer: NodeJS.Timeout;
  readonly #counts = new Map<string, number>();
  #file: number;
  #at = 0;
  #rest = '';

  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, 'r');
    this.#timer = setInterval(() => this.#look(), EVERY_MS);
  }

  /** Calls since the last look. */
  take(): Record<string, number> {
    this.#look();
    const counts = Object.fromEntries([...this.#counts].sort());
    this.#counts.clear();
    return counts;
  }

  close(): void {
    clearInterval(this.#timer);
    closeSync(this.#file);
  }

  #look(): void {
    this.#read();
    // Another file has the name: what came last into the one before was read just now, by its descriptor.
    const now = openIfThere(this.#path);
    if (now === undefined) return;
    const same = fstatSync(now).ino === fstatSync(this.#file).ino;
    closeSync(same ? now : this.#file);
    if (same) return;
    this.#file = now;
    this.#at = 0;
    this.#read();
  }

  #read(): void {
    const chunk = Buffer.alloc(CHUNK);
    for (;;) {
      const length = readSync(this.#file, chunk, 0, chunk.length, this.#at);
      if (length === 0) return;
      this.#at += length;
      const lines = (this.#rest + chunk.toString('latin1', 0, length)).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) {
        const called = /"eventName":"(\w+)"/.exec(line)?.[1] ?? 'unknown';
        const name = line.includes('"errorCode":') ? `${called}${REFUSED}` : called;
        this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
      }
    }
  }
}
