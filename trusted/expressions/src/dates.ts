// SPDX-License-Identifier: Apache-2.0
import { type CelValue, objectType } from '@bufbuild/cel';
import { isMessage } from '@bufbuild/protobuf';
import { isReflectMessage } from '@bufbuild/protobuf/reflect';
import { DurationSchema, type Timestamp, TimestampSchema, timestampFromMs } from '@bufbuild/protobuf/wkt';

export const TIMESTAMP = objectType(TimestampSchema);
export const DURATION = objectType(DurationSchema);

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
/** The CEL library's accessors take the years before for those of the 20th century; no birth date needs them. */
const FIRST_YEAR = 100;
const MS_PER_SECOND = 1000;

const timestamp = (ms: number): Timestamp => timestampFromMs(ms);

/** Midnight UTC of a calendar date, years 0100 to 9999; undefined when there is no such day. */
export function civilDate(text: string): Timestamp | undefined {
  const match = DATE.exec(text);
  if (!match) return undefined;
  const [year = 0, month = 0, day = 0] = match.slice(1).map(Number);
  if (year < FIRST_YEAR) return undefined;
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day
    ? timestamp(date.getTime())
    : undefined;
}

export function startOfToday(now: number): Timestamp {
  return timestamp(new Date(now).setUTCHours(0, 0, 0, 0));
}

/**
 * Full years from a birth date to today's UTC date. Who was born on 29 February has his birthday on 1 March in common
 * years. Undefined for a date after today.
 */
export function ageInYears(birth: CelValue | undefined, now: number): bigint | undefined {
  const seconds = timestampSeconds(birth);
  if (seconds === undefined) return undefined;
  const born = new Date(Number(seconds) * MS_PER_SECOND);
  const today = new Date(now);
  if (born.getTime() > today.getTime()) return undefined;
  const before =
    today.getUTCMonth() < born.getUTCMonth() ||
    (today.getUTCMonth() === born.getUTCMonth() && today.getUTCDate() < born.getUTCDate());
  return BigInt(today.getUTCFullYear() - born.getUTCFullYear() - (before ? 1 : 0));
}

function timestampSeconds(value: CelValue | undefined): bigint | undefined {
  const message: unknown = isReflectMessage(value) ? value.message : value;
  return isMessage(message, TimestampSchema) ? message.seconds : undefined;
}
