// SPDX-License-Identifier: Apache-2.0

import { createHash, createHmac } from 'node:crypto';
import {
  type CelFunc,
  type CelInput,
  CelScalar,
  type CelType,
  type CelValue,
  celFunc,
  celMethod,
  isCelList,
  isCelMap,
} from '@bufbuild/cel';
import { ageInYears, civilDate, startOfToday, TIMESTAMP } from './dates.ts';
import { greatest } from './greatest.ts';

const { STRING, BYTES, BOOL, INT, DYN } = CelScalar;

type Implementation = (...values: CelValue[]) => CelInput;

/** What these throw becomes expression_failed; the text is never shown. */
const refuse = (): never => {
  throw new Error('not defined for this value');
};

/** `f(x, …)` and `x.f(…)` alike. */
function both(
  name: string,
  types: readonly [CelType, ...CelType[]],
  result: CelType,
  run: Implementation,
): CelFunc[] {
  const [target, ...rest] = types;
  return [
    celFunc(name, types, result, (...values) => run(...(values as CelValue[]))),
    celMethod(name, target, rest, result, function (...values) {
      return run(this as CelValue, ...(values as CelValue[]));
    }),
  ];
}

/** One overload for text and one for bytes: text stands for its UTF-8. */
const ofData = (name: string, result: CelType, run: (data: Buffer) => CelValue): CelFunc[] =>
  [STRING, BYTES].flatMap((type) => both(name, [type], result, (value) => run(data(value))));

function data(value: CelValue | undefined): Buffer {
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  return value instanceof Uint8Array ? Buffer.from(value) : refuse();
}

const text = (value: CelValue | undefined): string => (typeof value === 'string' ? value : refuse());

function isEmpty(value: CelValue | undefined): boolean {
  if (value === null) return true;
  if (typeof value === 'string') return value === '';
  if (value instanceof Uint8Array) return value.length === 0;
  return isCelList(value) || isCelMap(value) ? value.size === 0 : refuse();
}

/** Node's decoders skip what they do not know; here it is an error. */
function decode(value: CelValue | undefined, encoding: 'hex' | 'base64'): Buffer {
  const source = text(value);
  const bytes = Buffer.from(source, encoding);
  const exact =
    encoding === 'hex' ? bytes.toString('hex') === source.toLowerCase() : bytes.toString('base64') === source;
  return exact ? bytes : refuse();
}

const DIGESTS = ['sha256', 'sha384', 'sha512'] as const;
/** Most numbers in one call of max. */
const MAX_ARGUMENTS = 8;

/** The vault's functions. @param now milliseconds since the epoch, at the time of the call */
export function vaultFunctions(now: () => number): CelFunc[] {
  return [
    ...both('is_empty', [DYN], BOOL, (value) => isEmpty(value)),
    ...both('to_lowercase', [STRING], STRING, (value) => text(value).toLowerCase()),
    ...both('to_uppercase', [STRING], STRING, (value) => text(value).toUpperCase()),
    ...ofData('hex_encode', STRING, (bytes) => bytes.toString('hex')),
    ...ofData('base64_encode', STRING, (bytes) => bytes.toString('base64')),
    ...both('hex_decode', [STRING], BYTES, (value) => decode(value, 'hex')),
    ...both('base64_decode', [STRING], BYTES, (value) => decode(value, 'base64')),
    ...DIGESTS.flatMap((digest) => [
      ...ofData(digest, STRING, (bytes) => createHash(digest).update(bytes).digest('hex')),
      ...[STRING, BYTES].flatMap((type) =>
        [STRING, BYTES].flatMap((keyType) =>
          both(`hmac_${digest}`, [type, keyType], STRING, (value, key) =>
            createHmac(digest, data(key)).update(data(value)).digest('hex'),
          ),
        ),
      ),
    ]),
    ...both('date', [STRING], TIMESTAMP, (value) => civilDate(text(value)) ?? refuse()),
    ...both('age', [TIMESTAMP], INT, (value) => ageInYears(value, now()) ?? refuse()),
    celFunc('today_utc', [], TIMESTAMP, () => startOfToday(now())),
    ...Array.from({ length: MAX_ARGUMENTS }, (_, more) =>
      both('max', [DYN, ...Array<CelType>(more).fill(DYN)], DYN, (...values) => greatest(values) ?? refuse()),
    ).flat(),
  ];
}
