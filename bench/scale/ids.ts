// SPDX-License-Identifier: Apache-2.0
import { hash } from 'node:crypto';

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Records that are written together, under one millisecond. */
export const CHUNK = 5_000;

/**
 * The id of the n-th synthetic record: its time is that of its chunk, the rest follows from n, so that any of a hundred million can be
 * named without a list of them.
 * @param millis when each chunk was written, since the epoch
 */
export function idOf(n: number, millis: readonly number[]): string {
  const time = millis[Math.floor(n / CHUNK)];
  if (time === undefined) throw new RangeError(`record ${n} was never written`);
  const random = hash('sha256', `scale ${n}`, 'buffer').subarray(0, 10);
  return `v_${crockford(time, 10)}${crockford(random.readUIntBE(0, 5), 8)}${crockford(random.readUIntBE(5, 5), 8)}`;
}

function crockford(value: number, characters: number): string {
  let text = '';
  for (let rest = value; text.length < characters; rest = Math.floor(rest / 32))
    text = CROCKFORD[rest % 32] + text;
  return text;
}

/** When an id was made, milliseconds since the epoch: of a synthetic record's and of the vault's own. */
export const timeOf = (id: string): number =>
  [...id.slice(2, 12)].reduce((time, character) => time * 32 + CROCKFORD.indexOf(character), 0);

/** Distinct numbers below `end`, the same for the same seed: a run that is repeated reads the same records. */
export function sample(end: number, count: number, seed: number): number[] {
  const chosen = new Set<number>();
  for (let i = 0; chosen.size < Math.min(count, end); i++)
    chosen.add(hash('sha256', `${seed} ${i}`, 'buffer').readUIntBE(0, 6) % end);
  return [...chosen];
}
