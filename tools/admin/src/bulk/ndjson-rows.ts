// SPDX-License-Identifier: Apache-2.0
import { linesIn } from '../import/lines.ts';
import type { Input } from './input.ts';
import type { RowSource, SourceRow } from './row.ts';

/** What is sent around a row: an idempotency key, and the members' names. */
const AROUND = 256;
/** The API takes lines and bodies of 1 MiB. */
export const LONGEST_ROW = 1024 * 1024 - AROUND;

const BYTE_ORDER_MARK = Buffer.from('\ufeff');

export interface RowLine {
  /** undefined: longer than any that is taken. */
  readonly bytes: Buffer | undefined;
  /** Bytes of the input up to its end. */
  readonly end: number;
}

/** The lines of an input that are not blank. A byte order mark at the beginning is none of them. */
export async function* rowLines(input: Input): AsyncGenerator<RowLine> {
  let first = true;
  let end = 0;
  const ended = (bytes: number): void => {
    end = bytes;
  };
  for await (const line of linesIn(input.chunks(), LONGEST_ROW, ended)) {
    const marked = first && line?.subarray(0, 3).equals(BYTE_ORDER_MARK) === true;
    first = false;
    const bytes = marked ? line?.subarray(3) : line;
    if (bytes === undefined || !isBlank(bytes)) yield { bytes, end };
  }
}

/**
 * Records as lines, each an object of fields. A line is sent as it stands: parsed and written anew it would lose what JavaScript cannot
 * hold (digits of large numbers, a name that comes twice), and the vault would take what it refuses.
 */
export function ndjsonRows(input: Input): RowSource {
  async function* rows(): AsyncGenerator<SourceRow> {
    let n = 0;
    for await (const line of rowLines(input)) {
      n += 1;
      yield rowOf(n, line);
    }
  }
  return { rows, bytes: input.bytes };
}

function rowOf(n: number, { bytes, end }: RowLine): SourceRow {
  if (bytes === undefined) return { n, end, text: '', refusal: { code: 'body_too_large' } };
  const text = decode(bytes);
  if (text === undefined) return { n, end, text: '', refusal: { code: 'json_not_utf8' } };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return Object.keys(value).length === 0
        ? { n, end, text: '', refusal: { code: 'row_empty' } }
        : { n, end, text: text.trim() };
  } catch {
    // Said below. What is no single value could otherwise end the item it is put into.
  }
  return { n, end, text: '', refusal: { code: 'json_invalid' } };
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function decode(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
