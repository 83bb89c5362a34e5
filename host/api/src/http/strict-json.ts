// SPDX-License-Identifier: Apache-2.0
import { ApiError, memberError, VaultError } from '../errors.ts';

/** No body of this API is deeper than 4; the rest is room. */
export const MAX_JSON_DEPTH = 16;

/**
 * Members and elements of a whole text. The largest body that means anything makes a key with 1,000 fields; the
 * validator looks at every single one, and for a megabyte of them nobody else would get a turn for a second.
 */
export const MAX_JSON_ITEMS = 4096;

/** Names through which JavaScript code may be led to an object's prototype. No member of any body has one. */
const FORBIDDEN: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads a JSON text (RFC 8259) more strictly than JSON.parse: UTF-8 without a byte order mark and without
 * errors, no name twice in one object (section 4 leaves their meaning open), no lone surrogates, bounded depth and number
 * of items.
 * @param maxItems members and elements of the whole text
 * @throws {ApiError} `json_not_utf8`, `json_too_deep`, `json_duplicate_name`, `json_forbidden_name`, `json_invalid`
 * @throws {VaultError} `invalid`, for too many items
 */
export function parseStrictJson(bytes: Uint8Array, maxItems: number = MAX_JSON_ITEMS): unknown {
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    throw new ApiError('json_not_utf8');
  }
  scan(text, maxItems);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ApiError('json_invalid');
  }
}

/**
 * Checks what JSON.parse does not, in one pass and before it allocates anything for the text. Knows just as
 * much of the grammar as it needs; text that is not JSON at all is left to JSON.parse.
 */
function scan(text: string, maxItems: number): void {
  /** Names seen in each open object; null for an open array. */
  const open: (Set<string> | null)[] = [];
  let names: Set<string> | null = null;
  let nameIsNext = false;
  let commas = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = endOfString(text, at);
        checkString(text, at, end, nameIsNext ? names : null);
        nameIsNext = false;
        at = end;
        break;
      }
      case 0x7b: // {
      case 0x5b: // [
        nameIsNext = text.charCodeAt(at) === 0x7b;
        names = nameIsNext ? new Set() : null;
        open.push(names);
        if (open.length > MAX_JSON_DEPTH) throw new ApiError('json_too_deep');
        break;
      case 0x7d: // }
      case 0x5d: // ]
        open.pop();
        names = open.at(-1) ?? null;
        nameIsNext = false;
        break;
      case 0x2c: // ,
        commas += 1;
        if (commas >= maxItems) throw new VaultError('invalid', { members: [memberError('', 'too_many')] });
        nameIsNext = names !== null;
        break;
    }
  }
}

/** @returns the index of the closing quote */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === BACKSLASH) at += 1;
    else if (unit === QUOTE) return at;
  }
  throw new ApiError('json_invalid');
}

function checkString(text: string, start: number, end: number, names: Set<string> | null): void {
  const raw = text.slice(start + 1, end);
  const escaped = raw.includes('\\');
  // UTF-8 has no lone surrogates: only escapes can make them, so other values need no look.
  if (names === null && !escaped) return;
  let value = raw;
  if (escaped) {
    try {
      value = JSON.parse(text.slice(start, end + 1)) as string;
    } catch {
      throw new ApiError('json_invalid');
    }
    if (!value.isWellFormed()) throw new ApiError('json_invalid');
  }
  if (names === null) return;
  if (FORBIDDEN.has(value)) throw new ApiError('json_forbidden_name');
  if (names.has(value)) throw new ApiError('json_duplicate_name');
  names.add(value);
}
