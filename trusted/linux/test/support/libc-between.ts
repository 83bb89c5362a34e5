// SPDX-License-Identifier: Apache-2.0
import { type Koffi, koffi, type NativeFunction, type NativeValue } from '../../src/koffi.ts';
import type { LibcFunction } from '../../src/libc.ts';

/** A call that was made, and its values. */
export type Call = readonly [name: string, ...values: NativeValue[]];

/**
 * What a call comes to instead of libc's own answer: its result, the number of the error that it fails with, or an error of koffi, which
 * did not make the call.
 */
export type Answer = { readonly result: number } | { readonly errno: number } | { readonly error: Error };

/**
 * Stands between this package and libc. All goes through to the real one but for what a test answers itself: errors that a machine in
 * order does not make, and a device that this one has not. A file that imports this has to do so before it calls anything.
 */
export class LibcBetween {
  readonly calls: Call[] = [];
  /** The bytes whose addresses were asked for. */
  readonly addressed: Uint8Array[] = [];
  readonly #answers = new Map<string, ((...values: NativeValue[]) => Answer)[]>();
  #errno: number | null = null;

  constructor() {
    const real = koffi();
    const { load, errno, address } = real;
    const between: Pick<Koffi, 'load' | 'errno' | 'address'> = {
      load: (library) => {
        const libc = load(library);
        return { func: (prototype) => this.#between(prototype, libc.func(prototype)) };
      },
      errno: () => this.#errno ?? errno(),
      address: (bytes) => {
        this.addressed.push(bytes);
        return address(bytes);
      },
    };
    Object.assign(real, between);
  }

  /** The next call of `name` comes to this, and the one after it to what is given next. */
  answer(name: LibcFunction, ...answers: readonly (Answer | ((...values: NativeValue[]) => Answer))[]): void {
    const made = answers.map((one) => (typeof one === 'function' ? one : () => one));
    this.#answers.set(name, [...(this.#answers.get(name) ?? []), ...made]);
  }

  /** Forgets what was called, and what was to be answered. */
  reset(): void {
    this.calls.length = 0;
    this.addressed.length = 0;
    this.#answers.clear();
    this.#errno = null;
  }

  /** Calls of one function. */
  named(name: LibcFunction): readonly Call[] {
    return this.calls.filter(([called]) => called === name);
  }

  #between(prototype: string, real: NativeFunction): NativeFunction {
    const name = /^int (\w+)\(/.exec(prototype)?.[1] ?? '';
    const answered = (values: readonly NativeValue[]): Answer | null => {
      // Bytes as they were, for many are zeroed after the call.
      const kept = values.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value));
      this.calls.push([name, ...kept]);
      const answer = this.#answers.get(name)?.shift()?.(...values);
      this.#errno = answer !== undefined && 'errno' in answer ? answer.errno : null;
      return answer ?? null;
    };
    const called = (...values: NativeValue[]): number => {
      const answer = answered(values);
      if (answer === null) return real(...values);
      if ('error' in answer) throw answer.error;
      return 'errno' in answer ? -1 : answer.result;
    };
    const async: NativeFunction['async'] = (...all) => {
      const settle = all.at(-1) as (error: unknown, result: number) => void;
      const answer = answered(all.slice(0, -1) as NativeValue[]);
      if (answer === null) real.async(...all);
      else if ('error' in answer) setImmediate(settle, answer.error, 0);
      else setImmediate(settle, null, 'errno' in answer ? -1 : answer.result);
    };
    return Object.assign(called, { async });
  }
}
