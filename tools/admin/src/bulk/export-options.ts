// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { AdminError, UsageError } from '../errors.ts';
import { PLACE_OPTIONS, placeOf } from '../storage/place.ts';
import type { Place } from '../storage/storage.ts';
import { ACCESS_OPTIONS, ACCESS_USAGE, type AccessValues } from './access.ts';
import type { Ask, ExportFormat } from './export-errand.ts';
import {
  COMMON_OPTIONS,
  COMMON_USAGE,
  type CommonOptions,
  commonOptions,
  EXIT_USAGE,
  Problems,
} from './options.ts';

export interface BulkExportOptions extends CommonOptions {
  /** A file of ids; undefined: standard input. */
  readonly ids: string | undefined;
  /** Set where the ids are to be read from the store, into {@link ids}. */
  readonly all: { readonly place: Place; readonly tenant: string } | undefined;
  readonly ask: Ask;
  readonly format: ExportFormat;
  readonly access: AccessValues;
}

export const BULK_EXPORT_USAGE = `enclave-vault export --ids FILE|- --fields a,b --reason TEXT --out FILE.ndjson|FILE.csv [options]      decrypt records into a file
enclave-vault export --all [--tenant T] [--config FILE …] --fields a,b --reason TEXT --out FILE [options]
  --ids FILE      ids, one a line, or the file that an import wrote; -: standard input
  --all           every record of a tenant (default), by the store: for who operates the vault that runs on DIR, or with --config FILE …
                  the API's configuration and its role's credentials. The ids are written beside the results
  --fields a,b    what is revealed. --expressions FILE: what is computed, {"adult": "date(dob).age() >= 18"}
  --reason TEXT   stands in the audit of each record. --purpose P: one of the schema's
  --out FILE      PLAINTEXT, readable by you alone. CSV: a column a field; what could be a formula gets an apostrophe before it
  --verbatim      CSV without those apostrophes
${COMMON_USAGE}
${ACCESS_USAGE}
${EXIT_USAGE}`;

const TENANT = /^[a-z][a-z0-9-]{0,62}$/;

/**
 * Reads the words of the command, and the file of expressions.
 * @throws {UsageError} naming every one that is wrong @throws {AdminError} `file_unreadable`
 */
export function parseBulkExport(args: readonly string[], env: NodeJS.ProcessEnv): BulkExportOptions {
  const { values, positionals } = read(args);
  const problems = new Problems();
  const base = env.INIT_CWD ?? '.';
  const all = values.all === true;
  const { tenant = 'default', reason = '', purpose, config } = values;
  problems.demand(positionals.length === 0, 'export takes no other words');
  problems.demand((values.ids === undefined) === all, 'export takes --ids FILE or --all');
  problems.demand(all || (values.tenant ?? config) === undefined, '--tenant and --config go with --all');
  problems.demand(TENANT.test(tenant), 'a tenant is named like acme-health: a-z, 0-9 and hyphens');
  problems.demand(reason.trim() !== '', 'export needs --reason: it stands in the audit of each record');
  problems.demand(values.out !== undefined, 'export needs --out');
  const named = /\.(csv|ndjson|jsonl)$/i.exec(values.out ?? '')?.[1]?.toLowerCase();
  problems.demand(values.out === undefined || named !== undefined, '--out is FILE.ndjson or FILE.csv');
  problems.demand(values.verbatim !== true || named === 'csv', '--verbatim goes with CSV');
  const fields = (values.fields ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  problems.demand(
    fields.length > 0 || values.expressions !== undefined,
    'export needs --fields or --expressions',
  );
  const out = resolve(base, values.out ?? '');
  const common = commonOptions(values, problems, base, { out, stem: out, stateSuffix: '.export-state' });
  problems.done();
  const expressions =
    values.expressions === undefined ? undefined : readObject(resolve(base, values.expressions));
  const columns = named === 'csv' ? [...fields, ...Object.keys(expressions ?? {})] : undefined;
  return {
    ...common,
    ...{ keepRefused: undefined, late: undefined, access: values },
    ids: all ? `${out}.all-ids.ndjson` : values.ids === '-' ? undefined : resolve(base, values.ids ?? ''),
    all: all
      ? { place: placeOf({ data: config === undefined ? values.data : undefined, config }, env), tenant }
      : undefined,
    ask: { fields, reason, ...(purpose !== undefined && { purpose }), ...(expressions && { expressions }) },
    format: { columns, verbatim: values.verbatim === true },
  };
}

function readObject(path: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Readonly<Record<string, unknown>>;
  } catch {
    // Said below.
  }
  throw new AdminError('file_unreadable', `${path} is no JSON object of expressions by name`);
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...COMMON_OPTIONS,
        ...ACCESS_OPTIONS,
        ...PLACE_OPTIONS,
        ids: { type: 'string' },
        all: { type: 'boolean' },
        tenant: { type: 'string' },
        fields: { type: 'string' },
        reason: { type: 'string' },
        purpose: { type: 'string' },
        expressions: { type: 'string' },
        verbatim: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the options cannot be read');
  }
}
