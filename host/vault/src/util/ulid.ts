// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * A ULID: 48 bits of milliseconds and 80 random bits, in 26 characters of Crockford's base 32. Not monotonic within
 * a millisecond: ids need to be unique, not ordered.
 * @param millis since the epoch
 */
export function ulid(millis: number): string {
  let rest = (BigInt(millis) << 80n) | BigInt(`0x${randomBytes(10).toString('hex')}`);
  let text = '';
  for (let i = 0; i < 26; i += 1) {
    text = `${CROCKFORD[Number(rest & 31n)]}${text}`;
    rest >>= 5n;
  }
  return text;
}
