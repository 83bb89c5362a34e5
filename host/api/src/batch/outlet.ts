// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream';

/** Results that lie here, in bytes, before it counts as full. */
const HIGH_WATER = 64 * 1024;

/**
 * Lines on their way to the caller. Whoever writes asks first whether they are taken: a caller who does not read gets no more worked
 * out for him than was begun.
 */
export class Outlet extends Readable {
  readonly #onTaken: () => void;
  #full = false;
  /** Bytes written. */
  written = 0;

  /** @param onTaken called when lines were taken, or there is room */
  constructor(onTaken: () => void) {
    super({ highWaterMark: HIGH_WATER });
    this.#onTaken = onTaken;
  }

  get full(): boolean {
    return this.#full && !this.destroyed;
  }

  /** @param line without its end. When nobody is there any more, it goes nowhere */
  line(line: string): void {
    if (this.destroyed) return;
    const bytes = Buffer.from(`${line}\n`);
    this.written += bytes.length;
    this.#full = !this.push(bytes);
  }

  end(): void {
    if (!this.destroyed) this.push(null);
  }

  /** A line that was taken is progress too, when none is asked for any more. */
  override read(size?: number): unknown {
    const taken: unknown = super.read(size);
    if (taken !== null) this.#onTaken();
    return taken;
  }

  override _read(): void {
    this.#full = false;
    this.#onTaken();
  }
}
