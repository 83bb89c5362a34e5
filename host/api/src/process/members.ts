// SPDX-License-Identifier: Apache-2.0
import { ConfigError } from '../errors.ts';

/** Readers of a configuration. They name the member that is wrong and never repeat its value. */
export type Members = Readonly<Record<string, unknown>>;

export function members(value: unknown, name: string): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigError(`${name} must be an object`);
  }
  return value as Members;
}

export function only(from: Members, known: readonly string[], name: string): void {
  if (!Object.keys(from).every((key) => known.includes(key)))
    throw new ConfigError(`${name} has an unknown member`);
}

export function text(from: Members, name: string): string {
  const value = from[name];
  if (typeof value !== 'string' || value === '') throw new ConfigError(`${name} must be a non-empty string`);
  return value;
}

export function optionalText(from: Members, name: string): string | undefined {
  return from[name] === undefined || from[name] === null ? undefined : text(from, name);
}

export function integer(from: Members, name: string, min: number, max: number, fallback?: number): number {
  const value = from[name] ?? fallback;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
    throw new ConfigError(`${name} must be a whole number from ${min} to ${max}`);
  }
  return value;
}

export function array(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new ConfigError(`${name} must be a list`);
  return value;
}
