// SPDX-License-Identifier: Apache-2.0
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { type Attribute, type Item, type ItemKey, StoreError } from '@enclave-vault/vault';

/** An item as DynamoDB has it on the wire. */
export type Attributes = Record<string, AttributeValue>;

/** A value for DynamoDB: text, safe integer or bytes. Bytes are copied, since the SDK reads them later. */
export function toAttribute(value: Attribute): AttributeValue {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  return { B: Uint8Array.from(value) };
}

export function toAttributes(values: Readonly<Record<string, Attribute>>): Attributes {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toAttribute(value)]));
}

/**
 * Reads an item. It has no prototype, since `constructor` is a name; bytes are views of what the SDK read.
 * @throws {StoreError} `corrupt` when an attribute is of a type that this program does not write
 */
export function toItem(attributes: Attributes): Item {
  const item: Record<string, Attribute> & { pk: string; sk: string } = Object.assign(
    Object.create(null),
    toKey(attributes),
  );
  for (const [name, value] of Object.entries(attributes)) {
    if (name !== 'pk' && name !== 'sk') item[name] = fromAttribute(value);
  }
  return item;
}

/** An item among others: one that cannot be read has no attributes, and does not take the others with it. */
export function toItemOrKey(attributes: Attributes): Item {
  try {
    return toItem(attributes);
  } catch {
    return Object.assign(Object.create(null), toKey(attributes));
  }
}

/** @throws {StoreError} `corrupt` */
export function toKey({ pk, sk }: Attributes): ItemKey {
  if (typeof pk?.S !== 'string' || typeof sk?.S !== 'string') throw unreadable();
  return { pk: pk.S, sk: sk.S };
}

function fromAttribute({ S, N, B }: AttributeValue): Attribute {
  if (S !== undefined) return S;
  if (B !== undefined) return Buffer.from(B.buffer, B.byteOffset, B.byteLength);
  const number = N === undefined ? Number.NaN : Number(N);
  if (!Number.isSafeInteger(number)) throw unreadable();
  return number;
}

function unreadable(): StoreError {
  return new StoreError('corrupt', 'an item cannot be read');
}
