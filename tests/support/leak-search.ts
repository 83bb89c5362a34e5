// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

/** Something that may be nowhere. */
export interface Secret {
  readonly label: string;
  readonly forms: readonly (readonly [form: string, bytes: Buffer])[];
}

/** Enough of a long secret to know it by, in bytes: a part that was cut off is found as well. */
const KNOWN_BY = 24;

/** A text, in the forms in which programs come to write one: encodings, escapes, and the bare hash, which is guessed at once. */
export function secretText(label: string, text: string): Secret {
  const json = JSON.stringify(text).slice(1, -1);
  const ascii = json.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return {
    label,
    forms: unique([
      ['text', Buffer.from(text)],
      ['lower case', Buffer.from(text.toLowerCase())],
      ['upper case', Buffer.from(text.toUpperCase())],
      ['JSON', Buffer.from(json)],
      ['ASCII JSON', Buffer.from(ascii)],
      ['JSON in JSON', Buffer.from(JSON.stringify(json).slice(1, -1))],
      ['URL', Buffer.from(encodeURIComponent(text))],
      ['UTF-16LE', Buffer.from(text, 'utf16le')],
      ['UTF-16BE', Buffer.from(text, 'utf16le').swap16()],
      ...encodings(Buffer.from(text)),
      ...hashes(text),
    ]),
  };
}

/** The beginning that all of a run's marks share: whatever is marked is found by it, with no hash of each. */
export function secretPrefix(label: string, text: string): Secret {
  return { label, forms: secretText(label, text).forms.filter(([form]) => !form.startsWith('SHA-256')) };
}

/** Of a value: its bare hash. */
export function secretHash(label: string, value: string): Secret {
  return { label, forms: hashes(value) };
}

/** A key: bytes, however written. */
export function secretBytes(label: string, bytes: Uint8Array): Secret {
  const known = Buffer.from(bytes.subarray(0, KNOWN_BY));
  return {
    label,
    forms: unique([
      ['bytes', known],
      ['list of numbers', Buffer.from([...known].join(','))],
      ['spaced hex', Buffer.from([...known].map((byte) => byte.toString(16).padStart(2, '0')).join(' '))],
      ...encodings(known),
    ]),
  };
}

/** What is found where: `label as form in place`, with the printable text around it when `around` is set. */
export function findLeaks(place: string, bytes: Buffer, secrets: readonly Secret[]): string[] {
  return secrets.flatMap(({ label, forms }) =>
    forms.flatMap(([form, needle]) => {
      const at = bytes.indexOf(needle);
      return at < 0 ? [] : [`${label} as ${form} in ${place}, byte ${at}: ${context(bytes, at)}`];
    }),
  );
}

function context(bytes: Buffer, at: number): string {
  return bytes
    .subarray(Math.max(0, at - 60), at + 60)
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, '.');
}

type Form = readonly [form: string, bytes: Buffer];

function encodings(bytes: Buffer): Form[] {
  return [
    ['hex', Buffer.from(bytes.toString('hex'))],
    ['HEX', Buffer.from(bytes.toString('hex').toUpperCase())],
    ...[0, 1, 2].flatMap((offset): Form[] => [
      [`base64 at ${offset}`, base64(bytes, offset, 'base64')],
      [`base64url at ${offset}`, base64(bytes, offset, 'base64url')],
    ]),
  ];
}

/** Those characters of a base64 text that depend on these bytes alone, when so many bytes (mod 3) come before them. */
function base64(bytes: Buffer, offset: number, encoding: 'base64' | 'base64url'): Buffer {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString(encoding);
  return Buffer.from(text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6)));
}

function hashes(text: string): Form[] {
  return [text, JSON.stringify(text)].flatMap((hashed, index) => {
    const digest = createHash('sha256').update(hashed).digest();
    const name = index === 0 ? 'SHA-256' : 'SHA-256 of JSON';
    return [
      [`${name} bytes`, digest],
      [`${name} hex`, Buffer.from(digest.toString('hex'))],
      [`${name} base64`, base64(digest, 0, 'base64')],
      [`${name} base64url`, base64(digest, 0, 'base64url')],
    ] satisfies Form[];
  });
}

function unique(forms: readonly Form[]): Form[] {
  const seen = new Set<string>();
  return forms.filter(([, bytes]) => {
    const key = bytes.toString('latin1');
    return !seen.has(key) && seen.add(key);
  });
}
