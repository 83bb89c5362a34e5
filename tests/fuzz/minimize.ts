// SPDX-License-Identifier: Apache-2.0

const MOST_TRIES = 2_000;

/**
 * The shortest and plainest input that can be had by leaving out runs of bytes and then zeroing what is left (delta debugging with
 * halving runs). Ends after some thousand tries with what it has.
 * @param still whether an input shows what `bytes` shows
 */
export async function minimized(
  bytes: Uint8Array,
  still: (candidate: Buffer) => Promise<boolean>,
): Promise<Buffer> {
  let best: Buffer = Buffer.from(bytes);
  let tries = 0;
  const better = async (candidate: Buffer): Promise<boolean> => {
    tries += 1;
    if (tries > MOST_TRIES || !(await still(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let length = Math.max(1, best.length >> 1); ; length = length >> 1) {
    for (let from = 0; from < best.length; ) {
      const shorter = Buffer.concat([best.subarray(0, from), best.subarray(from + length)]);
      if (!(await better(shorter))) from += length;
    }
    if (length <= 1) break;
  }
  for (let index = 0; index < best.length; index += 1) {
    if (best[index] === 0) continue;
    const plain = Buffer.from(best);
    plain[index] = 0;
    await better(plain);
  }
  return best;
}
