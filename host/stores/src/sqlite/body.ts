// SPDX-License-Identifier: Apache-2.0
import { type Attribute, type Item, StoreError } from '@enclave-vault/vault';

/**
 * The attributes of an item in one blob: a format byte, then for each attribute the length of its name (u8), its name,
 * its type (u8), the length of its value (u32, little-endian) and its value. Numbers are IEEE 754 doubles.
 */
const FORMAT = 1;
const BYTES = 0;
const TEXT = 1;
const NUMBER = 2;
const MAX_NAME = 255;

const KEYS = new Set(['pk', 'sk']);

/** @throws {StoreError} `invalid` for an attribute that the store cannot take */
export function encodeBody(item: Item): Buffer {
  const parts: { name: Buffer; type: number; value: Uint8Array }[] = [];
  let length = 1;
  for (const [name, attribute] of Object.entries(item)) {
    if (KEYS.has(name)) continue;
    const part = { name: Buffer.from(name), ...encodeValue(attribute) };
    if (part.name.length === 0 || part.name.length > MAX_NAME) throw new StoreError('invalid');
    length += 1 + part.name.length + 1 + 4 + part.value.length;
    parts.push(part);
  }
  const body = Buffer.allocUnsafe(length);
  let at = body.writeUInt8(FORMAT, 0);
  for (const { name, type, value } of parts) {
    at = body.writeUInt8(name.length, at);
    at += name.copy(body, at);
    at = body.writeUInt8(type, at);
    at = body.writeUInt32LE(value.length, at);
    body.set(value, at);
    at += value.length;
  }
  return body;
}

function encodeValue(attribute: Attribute): { type: number; value: Uint8Array } {
  if (attribute instanceof Uint8Array) return { type: BYTES, value: attribute };
  if (typeof attribute === 'string' && attribute.isWellFormed()) {
    return { type: TEXT, value: Buffer.from(attribute) };
  }
  if (typeof attribute !== 'number' || !Number.isSafeInteger(attribute)) throw new StoreError('invalid');
  const value = Buffer.allocUnsafe(8);
  value.writeDoubleLE(attribute);
  return { type: NUMBER, value };
}

/**
 * Reads a blob back; byte attributes are views of it. The item has no prototype, since `constructor` is a name.
 * @throws {StoreError} `corrupt`
 */
export function decodeBody(pk: string, sk: string, blob: Uint8Array): Item {
  const body = Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength);
  const item: Record<string, Attribute> & { pk: string; sk: string } = Object.create(null);
  item.pk = pk;
  item.sk = sk;
  try {
    if (body.readUInt8(0) !== FORMAT) throw new RangeError('format');
    let at = 1;
    while (at < body.length) {
      const nameEnd = at + 1 + body.readUInt8(at);
      const name = body.toString('utf8', at + 1, nameEnd);
      const end = nameEnd + 5 + body.readUInt32LE(nameEnd + 1);
      if (end > body.length || KEYS.has(name)) throw new RangeError('length');
      item[name] = decodeValue(body.readUInt8(nameEnd), body.subarray(nameEnd + 5, end));
      at = end;
    }
  } catch (cause) {
    throw new StoreError('corrupt', 'an item cannot be read', { cause });
  }
  return item;
}

function decodeValue(type: number, value: Buffer): Attribute {
  if (type === BYTES) return value;
  if (type === TEXT) return value.toString('utf8');
  if (type === NUMBER && value.length === 8) return value.readDoubleLE(0);
  throw new RangeError('type');
}
