// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from '../errors.ts';
import { ACCESS_OPTIONS, ACCESS_USAGE, type AccessValues } from './access.ts';
import {
  COMMON_OPTIONS,
  COMMON_USAGE,
  type CommonOptions,
  commonOptions,
  EXIT_USAGE,
  Problems,
} from './options.ts';

export interface BulkImportOptions extends CommonOptions {
  /** undefined: standard input. */
  readonly input: string | undefined;
  readonly format: 'csv' | 'ndjson';
  /** Column to field. */
  readonly map: ReadonlyMap<string, string>;
  readonly drop: ReadonlySet<string>;
  readonly dryRun: boolean;
  readonly access: AccessValues;
}

export const BULK_IMPORT_USAGE = `enclave-vault import FILE.csv|FILE.ndjson|- [options]      create a record of each row
  FILE            CSV with a header of field names, or an object of fields a line; -: standard input
  --format F      csv or ndjson, where the name does not say
  --map C=F       column C is field F; repeatable. --drop-columns a,b: columns that are left out
  --out FILE      row numbers and ids (FILE.ids.ndjson); refused rows are named beside it, in ….refused.ndjson
  --keep-refused  keep the VALUES of refused rows as well, in ….refused-values.ndjson: to be mended and imported
  --dry-run       read the input to its end, and send nothing; exit code 3: rows would be refused
  --late skip|resend   rows that were under way when it broke off, more than 23 hours ago: leave them out, or risk them twice
${COMMON_USAGE}
${ACCESS_USAGE}
${EXIT_USAGE}`;

/**
 * Reads the words of the command.
 * @throws {UsageError} naming every one that is wrong
 */
export function parseBulkImport(args: readonly string[], env: NodeJS.ProcessEnv): BulkImportOptions {
  const { values, positionals } = read(args);
  const problems = new Problems();
  const base = env.INIT_CWD ?? '.';
  const [given = '', ...more] = positionals;
  problems.demand(given !== '' && more.length === 0, 'import takes one FILE, or -');
  const input = given === '-' ? undefined : resolve(base, given);
  const named = /\.(csv|ndjson|jsonl)$/i.exec(given)?.[1]?.toLowerCase();
  const format = values.format ?? (named === 'csv' ? 'csv' : named === undefined ? '' : 'ndjson');
  problems.demand(
    format === 'csv' || format === 'ndjson',
    'the name does not say what it is: --format csv or --format ndjson',
  );
  const map = new Map((values.map ?? []).map((pair) => splitPair(pair, problems)));
  const drop = new Set(
    (values['drop-columns'] ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean),
  );
  problems.demand(
    format === 'csv' || (map.size === 0 && drop.size === 0),
    '--map and --drop-columns go with CSV: lines of JSON name their fields',
  );
  problems.demand(['skip', 'resend', undefined].includes(values.late), '--late takes skip or resend');
  problems.demand(
    input !== undefined || values.out !== undefined,
    '- needs --out: results cannot stand beside it',
  );
  const out = values.out === undefined ? `${input}.ids.ndjson` : resolve(base, values.out);
  const stem = out.replace(/(?:\.ids)?\.ndjson$/, '');
  const common = commonOptions(values, problems, base, { out, stem, stateSuffix: '.import-state' });
  problems.done();
  return {
    ...common,
    keepRefused: values['keep-refused'] === true ? `${stem}.refused-values.ndjson` : undefined,
    late: values.late as CommonOptions['late'],
    input,
    format: format as BulkImportOptions['format'],
    map,
    drop,
    dryRun: values['dry-run'] === true,
    access: values,
  };
}

function splitPair(pair: string, problems: Problems): [string, string] {
  const at = pair.lastIndexOf('=');
  const [column, field] = [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
  problems.demand(at > 0 && column !== '' && field !== '', '--map takes COLUMN=FIELD');
  return [column, field];
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...COMMON_OPTIONS,
        ...ACCESS_OPTIONS,
        format: { type: 'string' },
        map: { type: 'string', multiple: true },
        'drop-columns': { type: 'string' },
        'keep-refused': { type: 'boolean' },
        'dry-run': { type: 'boolean' },
        late: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the options cannot be read');
  }
}
