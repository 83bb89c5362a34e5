// SPDX-License-Identifier: Apache-2.0
import { openAccess } from '../bulk/access.ts';
import { runCommand, withCodes } from '../bulk/command.ts';
import { csvRows } from '../bulk/csv-rows.ts';
import type { Access } from '../bulk/http.ts';
import { importErrand } from '../bulk/import-errand.ts';
import { type BulkImportOptions, parseBulkImport } from '../bulk/import-options.ts';
import { type Input, openInput } from '../bulk/input.ts';
import { ndjsonRows } from '../bulk/ndjson-rows.ts';
import type { RowSource } from '../bulk/row.ts';
import { fieldsOf } from '../bulk/schema.ts';

/** `enclave-vault import`: a record of each row. */
export function bulkImport(args: readonly string[]): Promise<number> {
  return withCodes(() => run(args));
}

async function run(args: readonly string[]): Promise<number> {
  const options = parseBulkImport(args, process.env);
  const input = openInput(options.input);
  try {
    const access = await openAccess(options.access, process.env);
    const source = await sourceOf(options, input, access);
    if (options.dryRun) return await dryRun(source);
    const { format, map, drop, keepRefused } = options;
    const choices = [format, [...map].sort(), [...drop].sort(), keepRefused !== undefined];
    const keep = keepRefused !== undefined;
    return await runCommand({
      ...{ what: 'import', access, source, choices, options, header: '' },
      errand: (id) => importErrand(id, { keep }),
      begins: () => {
        if (keep)
          process.stderr.write(`enclave-vault: warning: ${keepRefused} will hold VALUES of refused rows\n`);
      },
    });
  } finally {
    input.close();
  }
}

async function sourceOf(
  { format, map, drop }: BulkImportOptions,
  input: Input,
  access: Access,
): Promise<RowSource> {
  if (format === 'ndjson') return ndjsonRows(input);
  return csvRows(input, { fields: await fieldsOf(access), map, drop });
}

/** What can be told without sending anything: whether the input can be read to its end, and what it holds. */
async function dryRun(source: RowSource): Promise<number> {
  const refused: Record<string, number> = {};
  let rows = 0;
  const all = { [Symbol.asyncIterator]: () => source.rows() };
  for await (const row of all) {
    rows = row.n;
    if ('refusal' in row) refused[row.refusal.code] = (refused[row.refusal.code] ?? 0) + 1;
  }
  process.stdout.write(
    `${JSON.stringify({ what: 'import', ended: 'dry_run', rows, refused_by_code: refused })}\n`,
  );
  return Object.keys(refused).length === 0 ? 0 : 3;
}
