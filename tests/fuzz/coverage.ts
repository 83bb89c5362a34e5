// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Branch, instrumented } from './instrument.ts';

const MOST_BRANCHES = 32_768;
const COUNTERS = '__fuzzCounters';

export interface Reached {
  readonly reached: number;
  readonly of: number;
  /** Branches that no input of any target took. */
  readonly missed: readonly Branch[];
}

/**
 * Counts how often each branch of some modules was taken. There is one in a thread. An input is new when it takes
 * a branch that none took before, or takes one more often by an order of magnitude (powers of two, as AFL has them).
 *
 * V8's own coverage was tried first: reading it costs 0.4 ms with little loaded and far more with all of this, where a parse costs microseconds.
 */
export class Coverage {
  readonly #counters = new Uint16Array(MOST_BRANCHES);
  readonly #words = new BigUint64Array(this.#counters.buffer);
  readonly #branches: Branch[] = [];
  /** For each branch, the magnitudes seen for the target at hand, as bits. */
  readonly #seen = new Uint32Array(MOST_BRANCHES);
  readonly #ever = new Uint8Array(MOST_BRANCHES);

  constructor() {
    Object.defineProperty(globalThis, COUNTERS, { value: this.#counters, configurable: true });
  }

  /** Has modules that match counted, as they are loaded from here on. */
  hook(scope: RegExp): void {
    registerHooks({
      load: (url, context, next) => {
        if (!url.startsWith('file:') || !scope.test(url)) return next(url, context);
        const file = fileURLToPath(url);
        return {
          format: 'module',
          source: this.counting(file, readFileSync(file, 'utf8')),
          shortCircuit: true,
        };
      },
    });
  }

  /** A module's source, with its branches counted. */
  counting(file: string, source: string): string {
    return instrumented(file, source, COUNTERS, (at) => this.#number(at));
  }

  /** Another target: what others have reached is new to it. */
  begin(): void {
    this.#seen.fill(0);
  }

  /** Before each input. */
  reset(): void {
    this.#counters.fill(0, 0, this.#branches.length);
  }

  /** After it: whether it did something new. Remembers what it did. */
  isNew(): boolean {
    let fresh = false;
    const words = Math.ceil(this.#branches.length / 4);
    for (let word = 0; word < words; word += 1) {
      if (this.#words[word] === 0n) continue;
      for (let index = 4 * word; index < 4 * word + 4; index += 1) {
        const count = this.#counters[index] ?? 0;
        if (count === 0) continue;
        const magnitude = 1 << (32 - Math.clz32(count));
        const seen = this.#seen[index] ?? 0;
        if ((seen & magnitude) !== 0) continue;
        this.#seen[index] = seen | magnitude;
        this.#ever[index] = 1;
        fresh = true;
      }
    }
    return fresh;
  }

  /** Over all targets so far, in the files that match. */
  reached(files: RegExp): Reached {
    const ours = [...this.#branches.entries()].filter(([, { file }]) => files.test(file));
    const missed = ours.filter(([index]) => this.#ever[index] === 0).map(([, branch]) => branch);
    return { reached: ours.length - missed.length, of: ours.length, missed };
  }

  #number(at: Branch): number {
    if (this.#branches.length === MOST_BRANCHES) throw new RangeError('too many branches');
    return this.#branches.push(at) - 1;
  }
}
