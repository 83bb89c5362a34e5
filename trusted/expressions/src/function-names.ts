// SPDX-License-Identifier: Apache-2.0

/** Operators as CEL's syntax tree names them. */
const OPERATORS =
  '_+_ _-_ _*_ _/_ _%_ _<_ _<=_ _>_ _>=_ _==_ _!=_ _&&_ _||_ !_ -_ _?_:_ _[_] @in @not_strictly_false'.split(
    ' ',
  );

/** The standard library, https://github.com/google/cel-spec/blob/master/doc/langdef.md#list-of-standard-definitions */
const STANDARD = [
  ...['size', 'contains', 'startsWith', 'endsWith', 'matches', 'dyn', 'type'],
  ...['string', 'int', 'uint', 'double', 'bytes', 'bool', 'duration', 'timestamp'],
  ...['getFullYear', 'getMonth', 'getDate', 'getDayOfMonth', 'getDayOfWeek', 'getDayOfYear'],
  ...['getHours', 'getMinutes', 'getSeconds', 'getMilliseconds'],
];

/** The vault's own, each callable as function and as method. */
export const VAULT_FUNCTIONS = [
  ...['is_empty', 'to_lowercase', 'to_uppercase'],
  ...['hex_encode', 'hex_decode', 'base64_encode', 'base64_decode'],
  ...['sha256', 'sha384', 'sha512', 'hmac_sha256', 'hmac_sha384', 'hmac_sha512'],
  ...['date', 'today_utc', 'age', 'max'],
] as const;

const ALL: ReadonlySet<string> = new Set([...OPERATORS, ...STANDARD, ...VAULT_FUNCTIONS]);

export const isFunction = (name: string): boolean => ALL.has(name);
