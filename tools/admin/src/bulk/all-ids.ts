// SPDX-License-Identifier: Apache-2.0
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { recordIds } from '@enclave-vault/vault';
import { AdminError } from '../errors.ts';
import { openOperatorStorage, type Place } from '../storage/storage.ts';
import { type Input, openInput } from './input.ts';
import { JobFile } from './job-file.ts';

type Ids = AsyncIterable<readonly string[]>;

/**
 * The file of ids that an export of all goes by. It has its name only once there is a job that goes on from it: until then it
 * is written anew, so that a call that came to nothing, or was killed, is in the way of none.
 */
export class AllIds {
  readonly #path: string;
  readonly #state: string;
  readonly #began = Promise.withResolvers<void>();
  /** Where this call wrote it; undefined: an earlier one did. */
  #written: string | undefined;

  private constructor(path: string, state: string) {
    this.#path = path;
    this.#state = state;
  }

  /**
   * @param state of the job
   * @param read the ids, where there is no such file yet
   * @throws {AdminError} `output_exists`; what is wrong with the state
   */
  static async open(path: string, state: string, read: () => Ids): Promise<AllIds> {
    const all = new AllIds(path, state);
    const temporary = `${path}.new`;
    const begun = JobFile.begun(state);
    if (!existsSync(path)) {
      // Killed after the job had begun, before its ids had their name.
      if (begun && existsSync(temporary)) renameSync(temporary, path);
      else await all.#write(temporary, read());
    } else if (!begun)
      throw new AdminError(
        'output_exists',
        `${path} is there already: move it away, or export those with --ids`,
      );
    return all;
  }

  /** The file as a job's input: read under its own name, once the job has begun. @throws {AdminError} `input_unreadable` */
  input(): Input {
    const path = this.#path;
    const began = this.#began.promise;
    let input = openInput(this.#written ?? path);
    const { name, bytes } = input;
    return {
      ...{ name, bytes },
      async *chunks() {
        await began;
        input = openInput(path);
        yield* input.chunks();
      },
      close: () => input.close(),
    };
  }

  /** The state of a job is there. */
  begins(): void {
    if (this.#written !== undefined) {
      renameSync(this.#written, this.#path);
      this.#written = this.#path;
    }
    this.#began.resolve();
  }

  /** Takes away what this call wrote, unless a job goes on from it. */
  ends(): void {
    if (this.#written === undefined || (this.#written === this.#path && this.#isNeeded())) return;
    rmSync(this.#written, { force: true });
  }

  #isNeeded(): boolean {
    try {
      return JobFile.begun(this.#state);
    } catch {
      // Another call goes on from it already.
      return true;
    }
  }

  async #write(path: string, ids: Ids): Promise<void> {
    rmSync(path, { force: true });
    const file = openSync(path, 'wx', 0o600);
    this.#written = path;
    try {
      for await (const some of ids)
        writeFileSync(file, some.map((id) => `${JSON.stringify({ id })}\n`).join(''));
      fsyncSync(file);
    } catch (error) {
      this.ends();
      throw error;
    } finally {
      closeSync(file);
    }
  }
}

/** Ids of a tenant's records, by the store. @throws {AdminError} where the vault cannot be reached */
export async function* idsOf({ place, tenant }: { readonly place: Place; readonly tenant: string }): Ids {
  const { store, kms } = await openOperatorStorage(place);
  try {
    yield* recordIds(store, tenant);
  } finally {
    await store.close();
    kms.close();
  }
}
