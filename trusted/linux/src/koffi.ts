// SPDX-License-Identifier: Apache-2.0
import { koffiFile } from '#koffi-file';
import { LinuxError } from './errors.ts';

/** What is passed to C: numbers, addresses of bytes, or null. */
export type NativeValue = number | bigint | string | Uint8Array | null;

export interface NativeFunction {
  (...values: NativeValue[]): number;
  /** Runs on a thread of libuv's pool. The last value is what is called with the result; errno is the call's until it returns. */
  async(...values: [...NativeValue[], (error: unknown, result: number) => void]): void;
}

export interface PollHandle {
  close(): void;
}

/** The part of koffi that is used, typed: its own declarations are `any`. */
export interface Koffi {
  load(library: null): { func(prototype: string): NativeFunction };
  errno(): number;
  address(bytes: Uint8Array): bigint;
  readonly node: {
    poll(
      fd: number,
      events: { readable?: boolean; writable?: boolean },
      callback: (status: number) => void,
    ): PollHandle;
  };
}

let loaded: Koffi | null = null;

/**
 * koffi's addon, without its JavaScript, which only looks for it. Loaded when first needed: whoever imports this package and uses nothing
 * of it, an expression worker say, has no native code.
 * @throws LinuxError `not_supported` where it cannot be loaded
 */
export function koffi(): Koffi {
  if (loaded !== null) return loaded;
  const file = koffiFile();
  if (file === null) throw new LinuxError('not_supported', 'koffi');
  const module: { exports: Partial<Koffi> } = { exports: {} };
  try {
    process.dlopen(module, file);
  } catch {
    throw new LinuxError('not_supported', 'koffi');
  }
  loaded = module.exports as Koffi;
  return loaded;
}
