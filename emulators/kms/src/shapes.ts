// SPDX-License-Identifier: Apache-2.0
import { KmsError } from './errors.ts';

/*
 * Request members as AWS's service model describes them: a type and constraints. A wrong type is a
 * SerializationException, a broken constraint a ValidationException; members the model does not have are ignored, as
 * AWS does, so that newer SDKs work. No message repeats a value.
 */

/** Reads one member. `name` is as in AWS's messages: the member's name with a lower-case first letter. */
export type Shape<T> = (value: unknown, name: string) => T;

/** Members of a structure with their shapes. */
export type Members = Readonly<Record<string, Shape<unknown>>>;
/** What a structure's reader returns: members that were absent or null are undefined. */
export type Read<M extends Members> = { readonly [K in keyof M]: ReturnType<M[K]> };

export function structure<M extends Members>(members: M): Shape<Read<M>> {
  return (value, name) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw wrongType(name, 'structure');
    const source = value as Record<string, unknown>;
    const result: Record<string, unknown> = {};
    for (const [key, shape] of Object.entries(members)) {
      const path = key.charAt(0).toLowerCase() + key.slice(1);
      const member = Object.hasOwn(source, key) ? (source[key] ?? undefined) : undefined;
      result[key] = shape(member, name === '' ? path : `${name}.${path}`);
    }
    return result as Read<M>;
  };
}

export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value, name) => (value === undefined ? undefined : shape(value, name));
}

export interface TextLimits {
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: RegExp;
}

export function text({ min = 0, max = Number.POSITIVE_INFINITY, pattern }: TextLimits = {}): Shape<string> {
  return required((value, name) => {
    if (typeof value !== 'string') throw wrongType(name, 'string');
    checkLength(value.length, min, max, name);
    if (pattern !== undefined && !pattern.test(value)) {
      throw violated(name, `Member must satisfy regular expression pattern: ${pattern.source}`);
    }
    return value;
  });
}

export function oneOf<const T extends readonly string[]>(...values: T): Shape<T[number]> {
  return required((value, name) => {
    if (typeof value !== 'string') throw wrongType(name, 'string');
    if (!values.includes(value))
      throw violated(name, `Member must satisfy enum value set: [${values.join(', ')}]`);
    return value;
  });
}

export function integer(min: number, max: number): Shape<number> {
  return required((value, name) => {
    if (typeof value !== 'number' || !Number.isInteger(value)) throw wrongType(name, 'integer');
    if (value < min) throw violated(name, `Member must have value greater than or equal to ${min}`);
    if (value > max) throw violated(name, `Member must have value less than or equal to ${max}`);
    return value;
  });
}

export const boolean: Shape<boolean> = required((value, name) => {
  if (typeof value !== 'boolean') throw wrongType(name, 'boolean');
  return value;
});

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Base64 text; sizes in bytes. */
export function blob(min: number, max: number): Shape<Buffer> {
  return required((value, name) => {
    if (typeof value !== 'string' || !BASE64.test(value)) throw wrongType(name, 'base64 text');
    const bytes = Buffer.from(value, 'base64');
    checkLength(bytes.length, min, max, name);
    return bytes;
  });
}

export function list<T>(member: Shape<T>, min: number, max: number): Shape<readonly T[]> {
  return required((value, name) => {
    if (!Array.isArray(value)) throw wrongType(name, 'list');
    checkLength(value.length, min, max, name);
    return value.map((item, index) => member(item, `${name}.${index + 1}.member`));
  });
}

/** A map of strings to strings; names may be anything, `__proto__` included. */
export const textMap: Shape<ReadonlyMap<string, string>> = required((value, name) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(name, 'map');
  const entries = Object.entries(value);
  // Half a surrogate pair has no UTF-8 form of its own: two contexts would be one.
  const good = entries.every(
    ([key, item]) => key.isWellFormed() && typeof item === 'string' && item.isWellFormed(),
  );
  if (!good) throw wrongType(name, 'map of strings');
  return new Map(entries);
});

function required<T>(shape: Shape<T>): Shape<T> {
  return (value, name) => {
    if (value === undefined) throw violated(name, 'Member must not be null');
    return shape(value, name);
  };
}

function checkLength(length: number, min: number, max: number, name: string): void {
  if (length < min) throw violated(name, `Member must have length greater than or equal to ${min}`);
  if (length > max) throw violated(name, `Member must have length less than or equal to ${max}`);
}

function violated(name: string, constraint: string): KmsError {
  return new KmsError(
    'ValidationException',
    `1 validation error detected: Value at '${name}' failed to satisfy constraint: ${constraint}`,
  );
}

function wrongType(name: string, type: string): KmsError {
  return new KmsError('SerializationException', `Expected ${type} at '${name}'`);
}
