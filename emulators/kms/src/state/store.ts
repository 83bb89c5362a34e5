// SPDX-License-Identifier: Apache-2.0
import { StartError } from '../errors.ts';
import { decodeState, encodeState } from './encoding.ts';
import { deriveFileKey, type FileKey, openFile, readGeneration, sealFile } from './envelope.ts';
import { readPrivateFile, writePrivateFile } from './file.ts';
import type { State } from './model.ts';

/** Where the file is, or null: in memory only, gone with the process. */
export interface StateLocation {
  readonly path: string | null;
  readonly passphrase?: string | undefined;
}

interface StateFile {
  readonly path: string;
  readonly fileKey: FileKey | null;
  /** How often it was written. */
  generation: number;
}

/**
 * The state and its file. Reads are of the current, durable state; changes queue up, and each is on the disk before
 * anybody sees it. A failed write leaves the state as it was.
 */
export class StateStore {
  #state: State;
  readonly #file: StateFile | null;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(state: State, file: StateFile | null) {
    this.#state = state;
    this.#file = file;
  }

  /**
   * Opens the file, or makes it with `create`.
   * @throws {StartError} a file that cannot be read, verified or opened is never overwritten
   */
  static async open(
    location: StateLocation,
    expected: Pick<State, 'region' | 'account'>,
    create: () => State,
  ): Promise<StateStore> {
    const { path, passphrase } = location;
    if (path === null) return new StateStore(create(), null);
    const text = await readPrivateFile(path);
    if (text === null) {
      const fileKey = passphrase === undefined ? null : await deriveFileKey(passphrase);
      const store = new StateStore(create(), { path, generation: 0, fileKey });
      await store.update((state) => [state, undefined]);
      return store;
    }
    const { payload, generation, fileKey } = await openFile(text, passphrase);
    const state = decodeState(payload);
    if (state.region !== expected.region || state.account !== expected.account) {
      throw new StartError('state_mismatch', 'the KMS state file belongs to another region or account');
    }
    return new StateStore(state, { path, generation, fileKey });
  }

  get current(): State {
    return this.#state;
  }

  /**
   * Applies a change when those before it are done.
   * @param change from the state at that moment to the next one and a result; may throw to change nothing
   */
  update<T>(change: (state: State) => readonly [State, T]): Promise<T> {
    const run = this.#queue.then(async () => {
      const [next, result] = change(this.#state);
      await this.#write(next);
      this.#state = next;
      return result;
    });
    this.#queue = run.catch(() => undefined);
    return run;
  }

  /** Resolves when no change is under way. */
  async idle(): Promise<void> {
    await this.#queue;
  }

  async #write(next: State): Promise<void> {
    const file = this.#file;
    if (file === null) return;
    // Two processes on one file would undo each other's keys; a lost key is every record it wraps.
    const present = await readPrivateFile(file.path);
    if ((present === null ? 0 : readGeneration(present)) !== file.generation) {
      throw new StartError('state_changed', 'another process has changed the KMS state file');
    }
    await writePrivateFile(file.path, sealFile(encodeState(next), file.generation + 1, file.fileKey));
    file.generation += 1;
  }
}
