// SPDX-License-Identifier: Apache-2.0
import { type CelInput, type CelValue, celMap, isCelList, isCelMap, isCelUint } from '@bufbuild/cel';
import { isReflectMessage } from '@bufbuild/protobuf/reflect';
import { DurationSchema, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { ExpressionError } from './errors.ts';
import { LIMITS } from './limits.ts';

/**
 * A field's JSON text as a CEL value: whole numbers become int, others double.
 * @throws {ExpressionError} expression_failed
 */
export function celFromJson(json: string): CelInput {
  try {
    return fromJson(JSON.parse(json));
  } catch {
    throw new ExpressionError('expression_failed');
  }
}

function fromJson(value: unknown): CelInput {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(fromJson);
  return celMap(new Map(Object.entries(value as object).map(([key, member]) => [key, fromJson(member)])));
}

/**
 * A result as JSON text. The text is written here and not by JSON.stringify over an object, which would reorder keys
 * that look like array indices; CEL's maps keep the order of insertion.
 * @param print CEL's own string(): RFC 3339 for timestamps, seconds for durations
 * @throws {ExpressionError} expression_failed for what JSON has no form for, expression_budget_exceeded for size or depth
 */
export function celToJson(value: CelValue, print: (value: CelValue) => string): string {
  let room: number = LIMITS.resultLength;
  const spend = (text: string): string => {
    room -= text.length;
    if (room < 0) throw new ExpressionError('expression_budget_exceeded');
    return text;
  };
  const write = (v: CelValue, depth: number): string => {
    if (depth > LIMITS.resultDepth) throw new ExpressionError('expression_budget_exceeded');
    if (isCelList(v)) {
      const parts: string[] = [];
      for (const element of v) parts.push(spend(',') && write(element, depth + 1));
      return `[${parts.join(',')}]`;
    }
    if (isCelMap(v)) {
      const parts = new Map<string, string>();
      for (const [key, member] of v) {
        const name = isCelUint(key) ? String(key.value) : String(key);
        // 1 and "1" are two keys in CEL and one in JSON: dropping either would lie.
        if (parts.has(name)) throw new ExpressionError('expression_failed');
        parts.set(name, `${spend(JSON.stringify(name))}:${write(member, depth + 1)}`);
      }
      return `{${[...parts.values()].join(',')}}`;
    }
    return spend(scalar(v, print));
  };
  return write(value, 0);
}

function scalar(value: CelValue, print: (value: CelValue) => string): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return integer(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'));
  if (isCelUint(value)) return integer(value.value);
  if (isReflectMessage(value, TimestampSchema) || isReflectMessage(value, DurationSchema))
    return JSON.stringify(print(value));
  throw new ExpressionError('expression_failed'); // NaN, infinities, types
}

const integer = (value: bigint): string =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? `${value}`
    : `"${value}"`;
