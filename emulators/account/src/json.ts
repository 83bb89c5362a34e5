// SPDX-License-Identifier: Apache-2.0

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [member: string]: Json | undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Value at a path such as `VpcConfig.SubnetIds`; undefined where any part of it is absent. */
export function at(value: Json | undefined, path: string): Json | undefined {
  return path
    .split('.')
    .reduce<Json | undefined>((inner, member) => (isObject(inner) ? inner[member] : undefined), value);
}

/** A string at a path. Numbers count as their text, as they do in templates. */
export function textAt(value: Json | undefined, path: string): string | undefined {
  const found = at(value, path);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined;
}

export function flagAt(value: Json | undefined, path: string): boolean {
  const found = at(value, path);
  return found === true || found === 'true';
}

/** A list at a path: what is absent is empty, a single value a list of one. */
export function listAt(value: Json | undefined, path: string): readonly Json[] {
  const found = at(value, path);
  if (found === undefined || found === null) return [];
  return isList(found) ? found : [found];
}

/** The strings of a list at a path. */
export function textsAt(value: Json | undefined, path: string): readonly string[] {
  return listAt(value, path).filter((one) => typeof one === 'string');
}

export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** The same text for equal values, whatever the order of their members. */
export function canonical(value: Json | undefined): string {
  if (value === undefined) return '';
  if (isObject(value)) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    members.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
  }
  return isList(value) ? `[${value.map(canonical).join(',')}]` : JSON.stringify(value);
}
