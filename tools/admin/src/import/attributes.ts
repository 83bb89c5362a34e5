// SPDX-License-Identifier: Apache-2.0

/** An attribute of a DynamoDB item, of the types that matter here; `other` stands for all the rest. */
export type Attribute =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly B: Uint8Array }
  | { readonly other: true };
export type Attributes = ReadonlyMap<string, Attribute>;

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const OTHER = { other: true } as const;

/**
 * Reads one line of an export in DynamoDB JSON: `{"Item": {"pk": {"S": "…"}, "_sk": {"B": "base64…"}, …}}`.
 * @returns undefined when it is not such a line
 */
export function parseLine(line: string): Attributes | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const item = isObject(value) && Object.keys(value).length === 1 ? value.Item : undefined;
  return isObject(item)
    ? fromWire(item, (text) => (BASE64.test(text) ? Buffer.from(text, 'base64') : undefined))
    : undefined;
}

/** Reads an item as the AWS SDK gives it, or as JSON has it. @param bytes turns the text of a `B` into bytes */
export function fromWire(
  item: Readonly<Record<string, unknown>>,
  bytes: (text: string) => Uint8Array | undefined = () => undefined,
): Attributes {
  return new Map(Object.entries(item).map(([name, value]) => [name, attributeOf(value, bytes)]));
}

function attributeOf(value: unknown, bytes: (text: string) => Uint8Array | undefined): Attribute {
  if (!isObject(value)) return OTHER;
  const { S, N, B } = value;
  if (typeof S === 'string' && S.isWellFormed()) return { S };
  if (typeof N === 'string') return { N };
  const read = B instanceof Uint8Array ? B : typeof B === 'string' ? bytes(B) : undefined;
  return read === undefined ? OTHER : { B: read };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
