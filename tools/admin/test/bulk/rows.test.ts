// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvLine } from '../../src/bulk/csv-line.ts';
import { type CsvOptions, csvRows } from '../../src/bulk/csv-rows.ts';
import { idRows } from '../../src/bulk/id-rows.ts';
import type { Input } from '../../src/bulk/input.ts';
import { ndjsonRows } from '../../src/bulk/ndjson-rows.ts';
import type { RowSource, SourceRow } from '../../src/bulk/row.ts';

const inputOf = (...chunks: (string | Uint8Array)[]): Input => ({
  name: 'test',
  bytes: undefined,
  async *chunks() {
    for (const chunk of chunks) yield Buffer.from(chunk);
  },
  close: () => {},
});

async function withEnds(source: RowSource): Promise<SourceRow[]> {
  const rows: SourceRow[] = [];
  for await (const row of { [Symbol.asyncIterator]: () => source.rows() }) rows.push(row);
  return rows;
}
const all = async (source: RowSource) => (await withEnds(source)).map(({ end: _, ...row }) => row);

const FIELDS = new Map([
  ['first_name', 'string'],
  ['ssn9', 'string'],
  ['weight', 'integer'],
  ['donor', 'boolean'],
] as const);
const csv = (text: string | Uint8Array, more: Partial<CsvOptions> = {}) =>
  all(csvRows(inputOf(text), { fields: FIELDS, map: new Map(), drop: new Set(), ...more }));
const records = async (...args: Parameters<typeof csv>) =>
  (await csv(...args)).map((row) => ('refusal' in row ? row.refusal.code : JSON.parse(row.text)));
const failureOf = (work: Promise<unknown>): Promise<{ code: string; message: string }> =>
  work.then(
    () => ({ code: 'none', message: '' }),
    (error: { code: string; message: string }) => ({ code: error.code, message: error.message }),
  );

describe('CSV', () => {
  it('is read as RFC 4180 has it: quotes, commas and line ends in cells, CRLF, a byte order mark, no end of the last line', async () => {
    const text = '\ufefffirst_name,ssn9\r\n"Ada, ""the""\r\nCountess",123456789\r\n\r\nBob,';
    expect(await records(text)).toEqual([
      { first_name: 'Ada, "the"\r\nCountess', ssn9: '123456789' },
      { first_name: 'Bob' },
    ]);
    expect(await csv('first_name,ssn9\n')).toEqual([]);
  });

  it('takes an empty cell for no value, and keeps blanks and leading zeros of others', async () => {
    expect(await records('first_name,ssn9\n"", \n  x ,007\n')).toEqual([
      { ssn9: ' ' },
      { first_name: '  x ', ssn9: '007' },
    ]);
  });

  it('refuses a row of which nothing would be a field, as spreadsheet programs leave them at the end, and makes no empty record', async () => {
    const text = 'first_name,ssn9,notes\nAda,1,x\n,,\n"",,\n,,x\n';
    expect(await records(text, { drop: new Set(['notes']) })).toEqual([
      { first_name: 'Ada', ssn9: '1' },
      ...['row_empty', 'row_empty', 'row_empty'],
    ]);
  });

  it('makes numbers and booleans of cells where the schema has such, and of nothing else', async () => {
    expect(await records('weight,donor\n61,TRUE\n-5,false\n1e3,yes\n9007199254740993,1\n')).toEqual([
      { weight: 61, donor: true },
      { weight: -5, donor: false },
      { weight: '1e3', donor: 'yes' },
      { weight: '9007199254740993', donor: '1' },
    ]);
  });

  it('refuses unknown columns at once and lists the fields; columns may be mapped and left out', async () => {
    const text = 'First Name,ssn9,notes\nAda,1,x\n';
    const { code, message } = await failureOf(csv(text));
    expect([code, message]).toEqual([
      'column_unknown',
      expect.stringMatching(/no field is called First Name, notes.*\n.*first_name, ssn9, weight, donor/),
    ]);
    const more = { map: new Map([['First Name', 'first_name']]), drop: new Set(['notes']) };
    expect(await records(text, more)).toEqual([{ first_name: 'Ada', ssn9: '1' }]);
    expect(await failureOf(csv(text, { ...more, drop: new Set(['notes', 'note']) }))).toMatchObject({
      message: expect.stringContaining('there is no column note.'),
    });
    const twice = { map: new Map([['First Name', 'ssn9']]), drop: new Set(['notes']) };
    expect((await failureOf(csv(text, twice))).message).toContain('two columns would be ssn9');
  });

  it('shows nothing of a file without a header', async () => {
    const { code, message } = await failureOf(csv('Ada,123456789\nBob,2\n'));
    expect([code, message]).toEqual(['column_unknown', expect.stringContaining('is there a header?')]);
    expect(message).not.toMatch(/Ada|123456789|\?\./);
    expect(await failureOf(csv(''))).toMatchObject({ code: 'input_unreadable' });
  });

  it.each([
    ['semicolons', 'first_name;ssn9\nCANARY;1\n', /its cells are separated by semicolons/],
    ['semicolons and quotes', '\ufeff"first_name";"ssn9"\r\n"CANARY, x";"1"\r\n', /separated by semicolons/],
    ['tabs', 'first_name\tssn9\nCANARY\t1\n', /its cells are separated by tabs/],
    ['CR alone', 'first_name,ssn9\rCANARY,1\rBob,2\r', /its lines end in CR alone/],
    ['CR alone and quotes', '"first_name","ssn9"\r"CANARY","1"\r', /its lines end in CR alone/],
    [
      'CR alone, and is long',
      `first_name,ssn9\r${'CANARY,1\r'.repeat(200_000)}`,
      /its lines end in CR alone/,
    ],
  ])('names the form of a file that has %s, and shows nothing of it', async (_what, text, message) => {
    const failure = await failureOf(csv(text));
    expect(failure).toEqual({ code: 'input_unreadable', message: expect.stringMatching(message) });
    expect(failure.message).not.toContain('CANARY');
  });

  it('names a column without a name by its place, and takes line ends within a header’s quotes', async () => {
    expect(await failureOf(csv('first_name,ssn9,, \nAda,1,,\n'))).toEqual({
      code: 'column_unknown',
      message: expect.stringMatching(/^column 3 has no name; column 4 has no name\.\n/),
    });
    const more = { map: new Map([['First\r\nname', 'first_name']]) };
    expect(await records('"First\r\nname"\r\nAda\r\n', more)).toEqual([{ first_name: 'Ada' }]);
  });

  it('refuses a row with other cells than the header, and goes on', async () => {
    expect(await records('first_name,ssn9\na\nb,1,2\nc,3\n')).toEqual([
      'column_count',
      'column_count',
      { first_name: 'c', ssn9: '3' },
    ]);
  });

  it.each([
    ['a quote that is not closed', 'first_name\nAda\n"CANARY', /after row 1.*a quote is not closed/],
    ['text after a quote', 'first_name\n"CANARY"x\n', /after row 0.*text follows a closing quote/],
    ['a quote in the middle', 'first_name\nCAN"ARY\n', /a quote stands within/],
    ['a row longer than 1 MiB', `first_name\n"${'CANARY'.repeat(200_000)}`, /longer than 1 MiB/],
    ['a text that is not UTF-8', Buffer.from('first_name\nCANARY\xe9\n', 'latin1'), /not UTF-8/],
    ['a character that is cut off', Buffer.from([...Buffer.from('first_name\nCANARY'), 0xc3]), /not UTF-8/],
  ])('ends at %s, by its place alone', async (_what, text, message) => {
    const failure = await failureOf(csv(text));
    expect(failure).toEqual({ code: 'input_unreadable', message: expect.stringMatching(message) });
    expect(failure.message).not.toContain('CANARY');
  });

  it('comes out the same however it is cut into chunks, and as an export wrote it', async () => {
    const cell = fc
      .string({ unit: 'grapheme' })
      .filter((text) => text.isWellFormed() && !text.includes('\0'));
    const rows = fc.array(fc.tuple(cell, cell), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(rows, fc.array(fc.nat(60), { maxLength: 6 }), async (cells, cuts) => {
        const kept = cells.filter(([a, b]) => a !== '' || b !== '');
        const text = [['first_name', 'ssn9'], ...kept]
          .map((row) => csvLine(row, { verbatim: true }))
          .join('');
        const bytes = Buffer.from(text);
        const at = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
        const read = await all(
          csvRows(inputOf(...chunks), { fields: FIELDS, map: new Map(), drop: new Set() }),
        );
        expect(read.map(({ text: one }) => JSON.parse(one))).toEqual(
          kept.map(([first_name, ssn9]) => ({
            ...(first_name !== '' && { first_name }),
            ...(ssn9 !== '' && { ssn9 }),
          })),
        );
      }),
      { numRuns: 100 },
    );
  });

  it('gets an apostrophe before what a spreadsheet would compute, and before no number', () => {
    const cells = ['=1+1', '@x', '-x', '+43 1', '\tx', '+431234', '-1.5', 'Ada', null, { a: [1] }, true];
    expect(csvLine(cells, { verbatim: false })).toBe(
      `'=1+1,'@x,'-x,'+43 1,'\tx,+431234,-1.5,Ada,,"{""a"":[1]}",true\r\n`,
    );
    // A line's end before it, and the wide forms.
    expect(csvLine(['\n=1', '\uff1d1', '\uff0b1', '\uff0d1', '\uff20x'], { verbatim: false })).toBe(
      `"'\n=1",'\uff1d1,'\uff0b1,'\uff0d1,'\uff20x\r\n`,
    );
    expect(csvLine(['=1+1'], { verbatim: true })).toBe('=1+1\r\n');
  });
});

describe('lines of JSON', () => {
  it('are sent as they stand, blank lines left out, digits and doubled names kept for the vault to judge', async () => {
    const rows = await all(
      ndjsonRows(inputOf('\ufeff{"a": 1.10}\n\n \t\r\n{"a":1,"a":2}\r\n{"b":12345678901234567890}')),
    );
    expect(rows).toEqual([
      { n: 1, text: '{"a": 1.10}' },
      { n: 2, text: '{"a":1,"a":2}' },
      { n: 3, text: '{"b":12345678901234567890}' },
    ]);
  });

  it('are refused one by one where they are no object, an empty one, no UTF-8 or too long, and never end the item around them', async () => {
    const long = `{"a":"${'x'.repeat(1024 * 1024)}"}`;
    const input = inputOf(
      '[1]\nnull\n{}\n { } \n{"a":1},"idempotency_key":"x"\n{"a":\n',
      Buffer.from('{"a":"\xe9"}\n', 'latin1'),
      `${long}\n`,
      '{"a":1}\n',
    );
    expect(
      (await all(ndjsonRows(input))).map((row) => ('refusal' in row ? row.refusal.code : row.text)),
    ).toEqual([
      ...['json_invalid', 'json_invalid', 'row_empty', 'row_empty', 'json_invalid', 'json_invalid'],
      ...['json_not_utf8', 'body_too_large'],
      '{"a":1}',
    ]);
  });
});

describe('the place of a row in the input', () => {
  const files = {
    csv: '\ufefffirst_name,ssn9\r\n"Grün, ""x""\r\n",1\r\n\r\nBob,2\r\nEve,\u00fc',
    ndjson: '\ufeff{"a":"\u00fc"}\n\n{}\r\n{"b":1}',
  };
  const ends = {
    csv: ['"Grün, ""x""\r\n",1\r\n', 'Bob,2\r\n', 'Eve,\u00fc'],
    ndjson: ['{"a":"\u00fc"}\n', '{}\r\n', '{"b":1}'],
  };
  it.each(['csv', 'ndjson'] as const)(
    'is where it ends, in bytes, however the file is cut into chunks (%s)',
    async (kind) => {
      const bytes = Buffer.from(files[kind]);
      const wanted = ends[kind].map((row) => bytes.indexOf(row) + Buffer.byteLength(row));
      expect(wanted.at(-1)).toBe(bytes.length);
      for (const size of [1, 7, 1000]) {
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
          bytes.subarray(i * size, (i + 1) * size),
        );
        const input = inputOf(...chunks);
        const source =
          kind === 'csv'
            ? csvRows(input, { fields: FIELDS, map: new Map(), drop: new Set() })
            : ndjsonRows(input);
        expect([size, (await withEnds(source)).map(({ end }) => end)]).toEqual([size, wanted]);
      }
    },
  );
});

describe('ids', () => {
  it('are taken as lines, or as an import wrote them; anything else is named by its row', async () => {
    const id = 'v_01HV1XW70Q03PHK892JFQAY0Z5';
    const rows = await all(idRows(inputOf(`${id}\r\n\n{"row":7,"id":"${id}"}\n123456789\n{"id":7}\n{\n`)));
    expect(rows.map((row) => ('refusal' in row ? row.refusal.code : row.text))).toEqual([
      ...[id, id],
      ...['id_invalid', 'id_invalid', 'id_invalid'],
    ]);
  });
});
