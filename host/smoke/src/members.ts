// SPDX-License-Identifier: Apache-2.0

/** A member of a JSON object; undefined of anything else. */
export function member(of: unknown, name: string): unknown {
  if (typeof of !== 'object' || of === null || !Object.hasOwn(of, name)) return undefined;
  return (of as Readonly<Record<string, unknown>>)[name];
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
