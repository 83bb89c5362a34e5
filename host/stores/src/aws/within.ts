// SPDX-License-Identifier: Apache-2.0

/** The time of a call ended before its answer came. What it asked for may be done. */
export class DeadlinePassed extends Error {
  override readonly name = 'DeadlinePassed';
}

/**
 * Runs `work` for so long at most. Its signal ends what the SDK waits for: an answer, its turn, a pause between
 * attempts.
 * @throws {DeadlinePassed}
 */
export async function within<T>(timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const passed = new DeadlinePassed();
    late.reject(passed);
    abort.abort(passed);
  }, timeoutMs);
  try {
    return await Promise.race([work(abort.signal), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
