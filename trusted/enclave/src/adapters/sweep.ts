// SPDX-License-Identifier: Apache-2.0
import type { Sweep } from '../ports.ts';

/**
 * V8's garbage collection, which is at hand by a flag of the image (`--expose-gc`). It takes some milliseconds.
 * @throws Error without that flag
 */
export function collector(): Sweep {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('no_collector');
  return () => void gc();
}
