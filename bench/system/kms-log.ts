// SPDX-License-Identifier: Apache-2.0
import { closeSync, fstatSync, readSync } from 'node:fs';
import { openIfThere } from '../support/open-if-there.ts';

interface Look {
  /** Which file has the name. */
  readonly ino: number;
  readonly size: number;
  /** What is in it from a place on. */
  readonly added: Buffer;
}

/**
 * What came into the local KMS's log since the look before. A full log gets the name `PATH.1` and is begun anew: what came last into that one
 * counts as well. Twice between two looks is too often, and so is a file that was cut: then it is not known.
 */
export class KmsLog {
  readonly #path: string;
  #ino: number | undefined;
  #at = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** @returns undefined when that is not known */
  added(): Buffer | undefined {
    const now = look(this.#path, (ino) => (ino === this.#ino ? this.#at : 0));
    if (now !== undefined && (this.#ino === undefined || now.ino === this.#ino)) {
      const cut = now.ino === this.#ino && now.size < this.#at;
      this.#stand(now.ino, now.size);
      return cut ? undefined : now.added;
    }
    const before = look(`${this.#path}.1`, () => this.#at);
    const known = before !== undefined && before.ino === this.#ino;
    // Between the moment that a full file gets its other name and the first line of the next there is none.
    if (now === undefined) this.#stand(known ? before.ino : undefined, known ? before.size : 0);
    else this.#stand(now.ino, now.size);
    return known ? Buffer.concat([before.added, now?.added ?? Buffer.alloc(0)]) : undefined;
  }

  #stand(ino: number | undefined, at: number): void {
    this.#ino = ino;
    this.#at = at;
  }
}

/** By one descriptor, so that size and content are of one file whatever name it gets meanwhile. @returns undefined where there is none */
function look(path: string, from: (ino: number) => number): Look | undefined {
  const file = openIfThere(path);
  if (file === undefined) return undefined;
  try {
    const { ino, size } = fstatSync(file);
    const at = from(ino);
    const added = Buffer.alloc(Math.max(0, size - at));
    let length = 0;
    while (length < added.length) {
      const read = readSync(file, added, length, added.length - length, at + length);
      if (read === 0) break;
      length += read;
    }
    return { ino, size, added: added.subarray(0, length) };
  } finally {
    closeSync(file);
  }
}
