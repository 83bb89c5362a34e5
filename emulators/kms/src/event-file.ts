// SPDX-License-Identifier: Apache-2.0
import { appendFileSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import type { CloudTrailEvent } from './events.ts';

const MAX_BYTES = 32 * 1024 * 1024;
/** Records not written yet: a full disk must not fill the memory too. */
const MAX_WAITING = 10_000;

/**
 * Appends records to a file as JSON lines, many at a time. A full file becomes `PATH.1`, in place of the one before.
 * What CloudTrail is to KMS: a record that cannot be written does not fail the call it is about.
 */
export class EventFile {
  readonly #path: string;
  readonly #maxBytes: number;
  #file: FileHandle;
  #size: number;
  #waiting: string[] = [];
  #writing: Promise<void> | null = null;

  private constructor(path: string, file: FileHandle, size: number, maxBytes: number) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#file = file;
    this.#size = size;
  }

  /** @param maxBytes after which a new file is begun */
  static async open(path: string, maxBytes: number = MAX_BYTES): Promise<EventFile> {
    const file = await open(path, 'a', 0o600);
    return new EventFile(path, file, (await file.stat()).size, maxBytes);
  }

  append(event: CloudTrailEvent): void {
    if (this.#waiting.length < MAX_WAITING) this.#waiting.push(`${JSON.stringify(event)}\n`);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  async #write(): Promise<void> {
    // Lets the records of this turn of the event loop join.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const text = this.#waiting.join('');
      this.#waiting = [];
      try {
        if (this.#size > this.#maxBytes) await this.#rotate();
        // Into the system's memory: a thread of the pool would take longer to wake up.
        appendFileSync(this.#file.fd, text);
        this.#size += Buffer.byteLength(text);
      } catch {
        return;
      }
    }
  }

  async #rotate(): Promise<void> {
    await rename(this.#path, `${this.#path}.1`);
    await this.#file.close();
    this.#file = await open(this.#path, 'a', 0o600);
    this.#size = 0;
  }
}
