// SPDX-License-Identifier: Apache-2.0
import { EifError } from './errors.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The kernel's command line: UTF-8 without a zero byte. @throws EifError `command_line_invalid` */
export function parseCommandLine(bytes: Buffer): string {
  const text = utf8(bytes);
  if (text?.includes('\0') !== false) throw new EifError('command_line_invalid');
  return text;
}

/** A JSON object. @throws EifError `metadata_invalid` */
export function parseMetadata(bytes: Buffer): Readonly<Record<string, unknown>> {
  const value = json(bytes);
  if (!isObject(value)) throw new EifError('metadata_invalid');
  return value;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of a JSON text in UTF-8; undefined where it is none. */
export function json(bytes: Uint8Array): unknown {
  const text = utf8(bytes);
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function utf8(bytes: Uint8Array): string | null {
  try {
    return UTF8.decode(bytes);
  } catch {
    return null;
  }
}
