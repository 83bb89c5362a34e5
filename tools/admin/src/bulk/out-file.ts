// SPDX-License-Identifier: Apache-2.0
import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { AdminError } from '../errors.ts';
import { openOwn, unwritable } from './own-file.ts';

/** Written when so much waits, in characters: memory stays small between two states. */
const WRITE_AT = 1024 * 1024;

/**
 * A file of a job's results, readable by its owner alone, which goes with the job's state: what came after the state that is gone on
 * from is cut off. It is made with its first line, so that a job without refusals leaves no empty file of them.
 *
 * A failure stays: what was lost with it (a page that the system could not write, say) no later success brings back.
 */
export class OutFile {
  readonly path: string;
  #file: number | undefined;
  #waiting: string[] = [];
  #characters = 0;
  #bytes: number;
  #failure: AdminError | undefined;
  readonly #fresh: boolean;

  /**
   * @param keep its length in the state; undefined: the job is new, and so is the file
   * @throws {AdminError} `output_exists`, `job_other`, `file_unwritable`
   */
  constructor(path: string, keep: number | undefined) {
    this.path = path;
    this.#fresh = keep === undefined;
    this.#bytes = keep ?? 0;
    // A link that leads nowhere is there too, and is seen now, before anything is done whose result could not be written.
    const there = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
    if (keep === undefined && there)
      throw new AdminError('output_exists', `${path} is there already: move it away, or name another`);
    if (keep === undefined || (keep === 0 && !there)) return;
    this.#file = openOwn(path, constants.O_RDWR);
    const { size } = fstatSync(this.#file);
    if (size < keep)
      throw new AdminError('job_other', `${path} is shorter than it was: the job cannot go on from there`);
    const file = this.#file;
    this.#lasting(() => ftruncateSync(file, keep));
  }

  /** @throws {AdminError} `file_unwritable` */
  append(text: string): void {
    if (text === '') return;
    this.#waiting.push(text);
    this.#characters += text.length;
    if (this.#characters >= WRITE_AT) this.#lasting(() => this.#write());
  }

  /** Makes what was appended durable. @returns the length of the file in bytes @throws {AdminError} `file_unwritable` */
  flush(): number {
    this.#lasting(() => {
      if (this.#waiting.length > 0) this.#write();
      if (this.#file !== undefined) fdatasyncSync(this.#file);
    });
    return this.#bytes;
  }

  /** Takes away what this run made, where nothing came of the job. */
  discard(): void {
    const made = this.#fresh && this.#file !== undefined;
    this.close();
    if (made) rmSync(this.path, { force: true });
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #lasting(action: () => void): void {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      action();
    } catch (error) {
      this.#failure = unwritable(this.path, error);
      throw this.#failure;
    }
  }

  #write(): void {
    const { O_RDWR, O_CREAT, O_EXCL } = constants;
    this.#file ??= openOwn(this.path, O_RDWR | O_CREAT | (this.#fresh ? O_EXCL : 0));
    const bytes = Buffer.from(this.#waiting.join(''));
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.#file, bytes, done, bytes.length - done, this.#bytes + done);
    this.#bytes += bytes.length;
    this.#waiting = [];
    this.#characters = 0;
  }
}
