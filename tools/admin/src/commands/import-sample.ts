// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { AdminError } from '../errors.ts';
import { checkFiles, type ExportFiles } from '../import/export-files.ts';
import { exportSource } from '../import/export-source.ts';
import { keyPolicy } from '../import/key-policy.ts';
import { type ImportOptions, parseImportOptions, type SourceOptions } from '../import/options.ts';
import { Progress } from '../import/progress.ts';
import { Report } from '../import/report.ts';
import { runImport } from '../import/run.ts';
import type { Source } from '../import/source.ts';
import { openState } from '../import/state.ts';
import { openTarget, type Target } from '../import/target.ts';

/** Time for one record, ms: beyond, it is tried again. */
const RECORD_MS = 15_000;

/** `enclave-vault import-sample`. */
export async function importSample(args: readonly string[]): Promise<number> {
  const options = parseImportOptions(args, process.env);
  if (options.kind === 'policy') {
    process.stdout.write(`${JSON.stringify(await keyPolicy(options), null, 2)}\n`);
    return 0;
  }
  const { source, files } = await openSource(options.source);
  try {
    if (files !== undefined) await checkFiles(files);
    const target = await openTarget(options.target);
    try {
      checkKey(options, target);
      return await run(options, source, target);
    } finally {
      await target.close();
    }
  } finally {
    source.close();
  }
}

async function openSource(options: SourceOptions): Promise<{ source: Source; files?: ExportFiles }> {
  if (options.kind === 'export') {
    const source = exportSource(options.path);
    return { source, files: source.files };
  }
  // Loaded on demand: the AWS SDK takes longer to load than an export to read.
  const { tableSource } = await import('../import/table-source.ts');
  return { source: await tableSource(options) };
}

function checkKey({ keyArn }: ImportOptions, { ownKeys, legacyKeys }: Target): void {
  if (ownKeys.includes(keyArn))
    throw new AdminError('key_is_own', '--key-arn is a key of this vault: it wants the key of the sample');
  if (legacyKeys?.includes(keyArn)) return;
  const known = legacyKeys !== undefined;
  process.stderr.write(
    `${known ? 'warning: ' : ''}${keyArn} ${known ? 'is not' : 'must be'} among the legacy keys of this vault's enclaves` +
      `${known ? ': what is imported opens only once it is' : ''}.\n` +
      '  Locally: start the vault with --legacy-key. On AWS: name it in the enclaves’ configuration, admit the new PCR16 in the\n' +
      '  key policies, and give the sample’s key the statement of import-sample --print-key-policy. See docs/import.md.\n',
  );
}

async function run(options: ImportOptions, source: Source, target: Target): Promise<number> {
  const { tenant, keyArn, without, withoutDamaged, replace, dryRun, rate, limit } = options;
  const fingerprint = JSON.stringify([
    source.fingerprint,
    target.name,
    tenant,
    keyArn,
    without,
    withoutDamaged,
    replace,
  ]);
  const state = openState(options.state, fingerprint, () => randomBytes(10).toString('hex'));
  const importer = await target.importer({
    ...{ tenant, keyArn, withoutDamaged, replace, dryRun },
    without: new Set(without),
    importId: state.importId,
    from: `AWS sample: ${source.label}`,
    timeoutMs: RECORD_MS,
  });
  const report = new Report(options.report, state.reportBytes);
  const progress = new Progress(state.counts, source.items);
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, onSignal);
  const began = performance.now();
  let done = false;
  try {
    const { concurrency } = target;
    const { signal } = stop;
    done = await runImport({
      importer,
      source,
      state,
      statePath: options.state,
      report,
      concurrency,
      rate,
      limit,
      signal,
    });
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, onSignal);
    progress.end();
    report.close();
    importer.close();
  }
  const seconds = Number(((performance.now() - began) / 1000).toFixed(3));
  const { counts } = state;
  process.stdout.write(`${JSON.stringify({ done, dry_run: dryRun, ...counts.json(), seconds })}\n`);
  if (!done && limit === undefined) process.stderr.write(interrupted(options));
  return counts.skipped === 0 && (done || limit !== undefined) ? 0 : 1;
}

function interrupted({ state }: ImportOptions): string {
  const how =
    state === undefined ? 'what is there already is not imported twice' : 'it goes on from its state';
  return `enclave-vault: interrupted: start the same command again, ${how}\n`;
}
