// SPDX-License-Identifier: Apache-2.0
import { type Reader, Unwanted } from '@enclave-vault/settings';

/** The only ones that CloudWatch Logs takes (CloudWatch Logs API Reference, PutRetentionPolicy). */
const DAYS: readonly number[] = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** How many days a log group keeps what is written. */
export function logDays(): Reader<number> {
  return {
    wants: `a number of days that CloudWatch Logs knows (${DAYS.slice(0, 6).join(', ')}, … 365, … 3653)`,
    fromText: (given) => (/^\d{1,4}$/.test(given) ? Number(given) : given),
    read: (value) => {
      if (typeof value !== 'number') throw new Unwanted();
      if (DAYS.includes(value)) return value;
      const next = DAYS.find((days) => days > value);
      throw new Unwanted(
        next === undefined ? undefined : `is no retention of CloudWatch Logs: next is ${next}`,
      );
    },
  };
}
