// SPDX-License-Identifier: Apache-2.0
import { vi } from 'vitest';

/**
 * Which timers the code under test has set and not cleared. Node's own modules do not come by here; a timer that has fired
 * counts until somebody clears it.
 * @param ms of the timers that are looked for
 */
export function watchTimers(ms: number): { readonly left: () => number; readonly set: () => number } {
  const set = vi.spyOn(globalThis, 'setTimeout');
  const clear = vi.spyOn(globalThis, 'clearTimeout');
  const made = (): unknown[] =>
    set.mock.results.filter((_, at) => set.mock.calls[at]?.[1] === ms).map(({ value }) => value as unknown);
  return {
    set: () => made().length,
    left: () => {
      const cleared = new Set<unknown>(clear.mock.calls.map(([timer]) => timer));
      return made().filter((timer) => !cleared.has(timer)).length;
    },
  };
}
