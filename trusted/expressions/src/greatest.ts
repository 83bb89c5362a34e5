// SPDX-License-Identifier: Apache-2.0
import { type CelValue, isCelList, isCelUint } from '@bufbuild/cel';

/**
 * The greatest of some numbers, or of the numbers in one list; of equal ones the first, with its own type.
 * Undefined when there is none, one is not a number, or one is NaN.
 */
export function greatest(values: readonly CelValue[]): CelValue | undefined {
  const [only] = values;
  const numbers = values.length === 1 && isCelList(only) ? [...only] : values;
  let best: CelValue | undefined;
  for (const value of numbers) {
    const number = numeric(value);
    if (number === undefined) return undefined;
    const bestNumber = best === undefined ? undefined : numeric(best);
    // A bigint and a number compare exactly in JavaScript, without a conversion that rounds.
    if (bestNumber === undefined || number > bestNumber) best = value;
  }
  return best;
}

function numeric(value: CelValue): bigint | number | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isNaN(value) ? undefined : value;
  return isCelUint(value) ? value.value : undefined;
}
