// SPDX-License-Identifier: Apache-2.0
/**
 * Many records in and out: `node bench/bulk.ts [--records N] [--json FILE]`. Writes a file of people who are nobody, starts the vault as
 * `npm start` does, brings them in by `enclave-vault import` and out again by `enclave-vault export`, and holds every value against the file.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClientRun, peakOf, resetPeak, runClient } from './bulk/client.ts';
import { KmsEvents } from './bulk/kms-events.ts';
import { BULK_OPTIONS } from './bulk/options.ts';
import { comparePeople, FIELDS, writePeople } from './bulk/people.ts';
import { type BulkResult, processesTable, type Way, waysTable } from './bulk/result.ts';
import { storeBytes } from './bulk/store-bytes.ts';
import { atRest } from './kms-latency/rest.ts';
import { optionsOf } from './support/options.ts';
import { beginRun, writeResult } from './support/run.ts';
import { ecdhMs } from './support/speed.ts';
import { cpuOf, pidsOf, used } from './system/processes.ts';
import { startMeasured } from './system/vault.ts';

const values = optionsOf('bulk', BULK_OPTIONS);
const VAULT_OPTIONS = ['kms-quota', 'kms-latency', 'key-pool', 'apis', 'enclaves'] as const;
const vaultArgs = VAULT_OPTIONS.flatMap((name) => {
  const value = values[name];
  return value === undefined ? [] : [`--${name}`, value];
});
const settings: BulkResult['settings'] = {
  records: Number(values.records),
  format: values.format === 'ndjson' ? 'ndjson' : 'csv',
  concurrency: Number(values.concurrency),
  batch: values.batch,
  vault: vaultArgs,
  kmsQuota: values['kms-quota'] ?? null,
  ...(values['export-minutes'] !== undefined && { exportMinutes: Number(values['export-minutes']) }),
};

const run = beginRun('bulk');
const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'ev-bulk-'));
const people = join(folder, `people.${settings.format}`);
const ids = join(folder, 'people.ids.ndjson');
const out = join(folder, 'out.ndjson');
const measured = await startMeasured(vaultArgs);
const events = new KmsEvents(join(measured.vault.data, 'kms-events.log'));
try {
  process.stderr.write(`writing ${settings.records} people\n`);
  await writePeople(people, settings.records, settings.format);
  const database = join(measured.vault.data, 'vault.db');
  const before = storeBytes(database);
  const both = ['--concurrency', String(settings.concurrency), ...(settings.batch ? ['--batch'] : [])];
  const made: readonly (readonly [Way['way'], string, readonly string[]])[] = [
    ['import', people, [people, '--out', ids]],
    ['export', out, ['--ids', ids, '--fields', FIELDS.join(), '--reason', 'measured', '--out', out]],
  ];
  const ways: Way[] = [];
  const resultSoFar = (): BulkResult => ({
    ...run,
    settings,
    ways,
    store: { before, after: storeBytes(database), log: false },
  });
  for (const [name, file, args] of made) {
    ways.push(await way(name, file, [...args, ...both]));
    // The first of two hours is not lost with the second.
    if (name === 'import') writeResult(values.json, resultSoFar());
  }
  const compared = await comparePeople(out);
  const exported = ways.at(-1)?.records;
  if (compared !== exported) throw new Error(`${compared} records came out, of ${exported}`);
  const result = resultSoFar();
  console.log(`${waysTable(result)}\n\n${processesTable(result)}`);
  console.log(`\nstore: ${(result.store.after / 1e6).toFixed(1)} MB; every value came out as it went in`);
  writeResult(values.json, result);
} finally {
  events.close();
  await measured.stop();
  if (values.keep === undefined) rmSync(folder, { recursive: true, force: true });
}

interface Report {
  readonly done: number;
  readonly ended: string;
  readonly seconds: number;
  readonly sent_again: number;
}

async function way(name: Way['way'], file: string, args: readonly string[]): Promise<Way> {
  const { url, key } = { url: measured.vault.url, key: measured.target.key };
  const pids = await pidsOf(measured.vault);
  const peakOfWay = Object.values(pids)
    .map(resetPeak)
    .every((done) => done);
  const cpu = cpuOf(pids);
  events.take();
  const env = { ENCLAVE_VAULT_URL: url, ENCLAVE_VAULT_KEY: key };
  const minutes = name === 'export' ? values['export-minutes'] : undefined;
  const client = await runClient(
    [name, ...args],
    env,
    minutes === undefined ? undefined : Number(minutes) * 60_000,
  );
  const vaults = Object.entries(used(cpu, cpuOf(pids))).map(([one, { all }]) => ({
    name: one,
    cpu: all,
    peak: peakOf(pids[one] ?? 0),
  }));
  const kmsCalls = events.take();
  // A pool that is being filled keeps a processor busy, and the machine would look slower than it is.
  await atRest(() => measured.kmsCalls());
  return {
    way: name,
    ...figuresOf(client),
    fileBytes: statSync(file).size,
    kmsCalls,
    ecdhMs: ecdhMs(),
    peakOfWay,
    processes: [{ name: 'client', cpu: client.cpu, peak: client.peak }, ...vaults],
  };
}

function figuresOf({ report }: ClientRun): Pick<Way, 'records' | 'seconds' | 'perSecond' | 'sentAgain'> {
  const { done, ended, seconds, sent_again } = report as unknown as Report;
  if (done !== settings.records && ended !== 'stopped')
    throw new Error(`${done} records, of ${settings.records}`);
  return { records: done, seconds, perSecond: done / seconds, sentAgain: sent_again };
}
