// SPDX-License-Identifier: Apache-2.0
import { openAccess } from '../bulk/access.ts';
import { AllIds, idsOf } from '../bulk/all-ids.ts';
import { runCommand, withCodes } from '../bulk/command.ts';
import { csvLine } from '../bulk/csv-line.ts';
import { exportErrand } from '../bulk/export-errand.ts';
import { parseBulkExport } from '../bulk/export-options.ts';
import { idRows } from '../bulk/id-rows.ts';
import { openInput } from '../bulk/input.ts';

/** `enclave-vault export`: many records, decrypted into a file. */
export function bulkExport(args: readonly string[]): Promise<number> {
  return withCodes(() => run(args));
}

async function run(args: readonly string[]): Promise<number> {
  const options = parseBulkExport(args, process.env);
  const { all, ask, format } = options;
  const access = await openAccess(options.access, process.env);
  const written =
    all === undefined || options.ids === undefined
      ? undefined
      : await AllIds.open(options.ids, options.state, () => idsOf(all));
  const input = written?.input() ?? openInput(options.ids);
  try {
    return await runCommand({
      ...{ what: 'export', access, options },
      source: idRows(input),
      choices: all === undefined ? [ask, format] : [ask, format, all.tenant],
      header: format.columns === undefined ? '' : csvLine(['id', ...format.columns], { verbatim: true }),
      errand: () => exportErrand(ask, format),
      begins: () => {
        written?.begins();
        process.stderr.write(
          `enclave-vault: warning: ${options.out} will hold PLAINTEXT, readable by you alone: keep it no longer than you need it\n`,
        );
      },
    });
  } finally {
    input.close();
    written?.ends();
  }
}
