// SPDX-License-Identifier: Apache-2.0
import { parse } from 'csv-parse';
import { AdminError } from '../errors.ts';
import { printable } from '../printable.ts';
import type { Input } from './input.ts';
import { LONGEST_ROW } from './ndjson-rows.ts';
import type { LOCAL_REFUSALS, Refusal, RowSource, SourceRow } from './row.ts';
import type { FieldType } from './schema.ts';

export interface CsvOptions {
  /** Fields of the vault's schema and their JSON types. */
  readonly fields: ReadonlyMap<string, FieldType>;
  /** Column to field, where they are not called the same. */
  readonly map: ReadonlyMap<string, string>;
  /** Columns that are left out. */
  readonly drop: ReadonlySet<string>;
}

/** Of the beginning, in bytes and at least. */
const LOOKED_AT = 64 * 1024;

interface Column {
  readonly field: string;
  readonly type: FieldType;
}

/**
 * Records as CSV (RFC 4180) with a header. An empty cell is a field without a value, and a row of such alone, as spreadsheet programs leave
 * them at the end, is none that anybody meant: it is refused. Every column is a field, is mapped to one, or is
 * named as left out: a misspelt header must not lose a column in silence.
 *
 * A file that is no CSV ends the reading: where a quote is not closed, nobody can tell where the next row begins.
 */
export function csvRows(input: Input, options: CsvOptions): RowSource {
  async function* rows(): AsyncGenerator<SourceRow> {
    let columns: readonly (Column | undefined)[] | undefined;
    let n = 0;
    const beginning = new Beginning();
    for await (const { cells, end = 0, failure } of recordsOf(beginning.of(input))) {
      if (cells === undefined) {
        if (failure instanceof AdminError) throw failure;
        throw (columns === undefined ? beginning.otherForm() : undefined) ?? unreadable(failure, n);
      }
      if (columns === undefined) columns = columnsOf(cells, options, beginning);
      else {
        n += 1;
        yield { n, end, ...rowOf(cells, columns) };
      }
    }
    if (columns === undefined) throw new AdminError('input_unreadable', 'the CSV file has no header');
  }
  return { rows, bytes: input.bytes };
}

/** How an input begins, to tell what it is where its header is none: of a file that is well nobody asks. */
class Beginning {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  of(input: Input): Input {
    const chunks = input.chunks.bind(input);
    const see = (chunk: Buffer): void => {
      if (this.#bytes < LOOKED_AT) this.#chunks.push(chunk);
      this.#bytes += chunk.length;
    };
    return {
      ...input,
      async *chunks() {
        for await (const chunk of chunks()) {
          see(chunk);
          yield chunk;
        }
      },
    };
  }

  /** What else than CSV it is, as some programs write it; undefined: nothing that is known here. */
  otherForm(): AdminError | undefined {
    const text = Buffer.concat(this.#chunks).toString('latin1');
    const [header = ''] = text.split('\n', 1);
    const form =
      /\r[^\n]/.test(text) && !text.includes('\n')
        ? 'its lines end in CR alone: make them end in LF'
        : header.includes(',')
          ? undefined
          : header.includes(';')
            ? 'its cells are separated by semicolons: save it with commas'
            : header.includes('\t')
              ? 'its cells are separated by tabs: save it with commas'
              : undefined;
    return form === undefined
      ? undefined
      : new AdminError('input_unreadable', `the input is not CSV as RFC 4180 has it: ${form}`);
  }
}

type Found =
  | { readonly cells: string[]; readonly end: number; readonly failure?: undefined }
  | { readonly cells?: undefined; readonly end?: undefined; readonly failure: unknown };

/** What the parser finds, chunk by chunk. As a stream it would drop what it had found before a failure. */
async function* recordsOf(input: Input): AsyncGenerator<Found> {
  const found: Found[] = [];
  const parser = parse({
    bom: true,
    skip_empty_lines: true,
    relax_column_count: true,
    record_delimiter: ['\r\n', '\n'],
    max_record_size: LONGEST_ROW,
    on_record: (cells: string[], { bytes }) => {
      found.push({ cells, end: bytes });
      return null;
    },
  });
  // Said by the callbacks below as well; unheard it would end the process.
  parser.on('error', () => {});
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const feed = (chunk?: Buffer): Promise<void> =>
    new Promise((resolve) => {
      const done = (failure?: Error | null): void => {
        if (failure != null) found.push({ failure });
        resolve();
      };
      try {
        // Guessed at, names would be stored wrong.
        decoder.decode(chunk, { stream: chunk !== undefined });
      } catch {
        return done(notUtf8());
      }
      if (chunk === undefined) parser.end(done);
      else parser.write(chunk, done);
    });
  for await (const chunk of input.chunks()) {
    await feed(chunk);
    yield* found.splice(0);
  }
  await feed();
  yield* found.splice(0);
}

function rowOf(
  cells: readonly string[],
  columns: readonly (Column | undefined)[],
): Pick<SourceRow, 'text'> & { readonly refusal?: Refusal } {
  if (cells.length !== columns.length) return refused('column_count');
  const fields: Record<string, unknown> = {};
  for (const [i, cell] of cells.entries()) {
    const column = columns[i];
    if (column !== undefined && cell !== '') fields[column.field] = cellValue(cell, column.type);
  }
  if (Object.keys(fields).length === 0) return refused('row_empty');
  const text = JSON.stringify(fields);
  return Buffer.byteLength(text) > LONGEST_ROW ? refused('body_too_large') : { text };
}

const refused = (code: keyof typeof LOCAL_REFUSALS) => ({ text: '', refusal: { code } }) as const;

/** What is no such value goes as it is: the vault refuses it, and says which field. */
function cellValue(cell: string, type: FieldType): string | number | boolean {
  if (type === 'integer' && /^-?\d{1,16}$/.test(cell) && Number.isSafeInteger(Number(cell)))
    return Number(cell);
  if (type === 'boolean' && /^(?:true|false)$/i.test(cell)) return cell.toLowerCase() === 'true';
  return cell;
}

/** @throws {AdminError} `column_unknown`, with all that is wrong; `input_unreadable` where it is no header of CSV */
function columnsOf(
  header: readonly string[],
  { fields, map, drop }: CsvOptions,
  beginning: Beginning,
): readonly (Column | undefined)[] {
  const names = header.map((name) => name.trim());
  const problems: string[] = [];
  const absent = [...map.keys(), ...drop].filter((name) => !names.includes(name));
  if (absent.length > 0) problems.push(`there is no column ${absent.join(', ')}`);
  const columns = names.map((name) => {
    if (drop.has(name)) return undefined;
    const field = map.get(name) ?? name;
    const type = fields.get(field);
    return type === undefined ? undefined : { field, type };
  });
  const unknown = names.filter((name, i) => columns[i] === undefined && !drop.has(name));
  const otherForm = unknown.length > 0 ? beginning.otherForm() : undefined;
  if (otherForm !== undefined) throw otherForm;
  const named = unknown.filter((name) => name !== '');
  // Without a header this is a record: nothing of it is shown.
  if (unknown.length === names.length) problems.push('no column is called as a field: is there a header?');
  else {
    if (named.length > 0) problems.push(`no field is called ${named.map(printable).join(', ')}`);
    for (const [i, name] of names.entries()) if (name === '') problems.push(`column ${i + 1} has no name`);
  }
  const taken = columns.flatMap((column) => (column === undefined ? [] : [column.field]));
  const twice = taken.filter((field, i) => taken.indexOf(field) !== i);
  if (twice.length > 0) problems.push(`two columns would be ${[...new Set(twice)].join(', ')}`);
  const said = problems.join('; ');
  if (said !== '')
    throw new AdminError(
      'column_unknown',
      `${said}${said.endsWith('?') ? '' : '.'}\n  Fields are ${[...fields.keys()].map(printable).join(', ')}.\n` +
        '  --map COLUMN=FIELD says which field a column is, --drop-columns a,b which are left out',
    );
  return columns;
}

const notUtf8 = (): AdminError =>
  new AdminError(
    'input_unreadable',
    'the CSV file is not UTF-8: convert it (iconv -f WINDOWS-1252 -t UTF-8, say), and look at some names',
  );

/** By its code and place alone: the parser's own messages quote the file. */
function unreadable(error: unknown, n: number): AdminError {
  const { code = 'unknown error', lines } = (error ?? {}) as { code?: string; lines?: number };
  const at = lines === undefined ? '' : ` at line ${lines}`;
  const why =
    {
      CSV_MAX_RECORD_SIZE: 'a row is longer than 1 MiB: is a quote not closed?',
      CSV_QUOTE_NOT_CLOSED: 'a quote is not closed',
      CSV_INVALID_CLOSING_QUOTE: 'text follows a closing quote',
      INVALID_OPENING_QUOTE: 'a quote stands within a cell that does not begin with one',
    }[code] ?? code;
  return new AdminError(
    'input_unreadable',
    `the input is not CSV as RFC 4180 has it, after row ${n}${at}: ${why}`,
  );
}
