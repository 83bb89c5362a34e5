// SPDX-License-Identifier: Apache-2.0
import { csvLine } from './csv-line.ts';
import type { Errand } from './errand.ts';
import { membersOf } from './http.ts';
import { idOf } from './import-errand.ts';
import type { Outcome, Refusal } from './row.ts';
import { member } from './schema.ts';

/** What is asked of each record; the API's own words (docs/user-guide.md, "Decrypt"). */
export interface Ask {
  readonly fields: readonly string[];
  readonly reason: string;
  readonly purpose?: string | undefined;
  readonly expressions?: Readonly<Record<string, unknown>> | undefined;
}

export interface ExportFormat {
  /** undefined: a line of JSON a record. Else the columns beside the id. */
  readonly columns: readonly string[] | undefined;
  /** Cells that a spreadsheet would take for formulas are written as they are. */
  readonly verbatim: boolean;
}

/** Decrypts the record of each row, whose text is its id. */
export function exportErrand(ask: Ask, format: ExportFormat): Errand {
  const question = JSON.stringify(ask);
  return {
    path: '/v1/vaults:decrypt',
    ask: question,
    item: ({ text }) => JSON.stringify({ id: text }),
    body: (rows) => `{"ids":${JSON.stringify(rows.map(({ text }) => text))},${question.slice(1)}`,
    done: (row, result, text) => {
      const data = member(result, 'data');
      // Whose data it is, is looked at here too: another's must not stand under this id.
      if (idOf(result) !== row.text || typeof data !== 'object' || data === null) return undefined;
      const failed = failuresOf(member(result, 'errors'));
      const line =
        format.columns === undefined
          ? jsonLine(row.text, result, text)
          : csvLine([row.text, ...format.columns.map((name) => member(data, name))], format);
      return { ok: true, text: line, ...(failed !== undefined && { failed }) } satisfies Outcome;
    },
    refused: (_row, outcome) => outcome,
  };
}

/** As the enclave wrote it: written anew, a map's keys that look like numbers would change places. */
function jsonLine(id: string, result: unknown, text: string | undefined): string {
  const begin = /^\{"index":\d+,(?="id":)/.exec(text ?? '');
  if (text !== undefined && begin !== null) return `{${text.slice(begin[0].length)}\n`;
  const errors = member(result, 'errors');
  return `${JSON.stringify({ id, data: member(result, 'data'), ...(errors !== undefined && { errors }) })}\n`;
}

function failuresOf(errors: unknown): Refusal | undefined {
  if (!Array.isArray(errors) || errors.length === 0) return undefined;
  const named = (errors as unknown[]).map((one) => ({
    path: `/${String(member(one, 'name'))}`,
    code: member(one, 'code'),
  }));
  return { code: 'incomplete', members: membersOf(named) };
}
