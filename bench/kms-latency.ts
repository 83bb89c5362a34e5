// SPDX-License-Identifier: Apache-2.0
/**
 * What the way to KMS costs: `node bench/kms-latency.ts [--json FILE]`. Creates and decryptions of records that were just read, where the local KMS
 * answers at once and where it takes 30 ms, with key pairs made beforehand and without. The vaults are all there and take turns.
 */
import { LATENCY_OPTIONS } from './kms-latency/options.ts';
import { atRest } from './kms-latency/rest.ts';
import { type Candidate, print, show, type Taken, takenFrom } from './kms-latency/result.ts';
import { optionsOf } from './support/options.ts';
import { beginRun, writeResult } from './support/run.ts';
import { Load } from './system/load.ts';
import { measure, ofRounds, type Row } from './system/measure.ts';
import { type Measured, makeRecords, startMeasured } from './system/vault.ts';

const values = optionsOf('kms-latency', LATENCY_OPTIONS);
const settings = {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  warmUpSeconds: Number(values['warm-up']),
  latencyMs: Number(values.latency),
  pool: values.pool,
  hot: Number(values.hot),
};
const clients = values.clients.split(',').map(Number);
const KINDS = [
  { pool: true, latencyMs: 0, operations: ['create', 'decrypt-hot'] },
  { pool: true, latencyMs: settings.latencyMs, operations: ['create', 'decrypt-hot'] },
  { pool: false, latencyMs: 0, operations: ['create'] },
  { pool: false, latencyMs: settings.latencyMs, operations: ['create'] },
] as const;

interface Running {
  readonly candidate: (typeof KINDS)[number];
  readonly measured: Measured;
  readonly load: Load;
}

const run = beginRun('kms-latency');
const vaults: Running[] = [];
const rounds = new Map<string, { candidate: Candidate; rows: Row[]; taken: Taken }>();
try {
  for (const candidate of KINDS) vaults.push(await begin(candidate));
  for (let round = 1; round <= settings.rounds; round += 1)
    for (const operation of ['create', 'decrypt-hot'] as const)
      for (const number of clients)
        for (const vault of vaults)
          if ((vault.candidate.operations as readonly string[]).includes(operation))
            await turn(round, vault, operation, number);
  const rows = [...rounds.values()].map(({ candidate, rows: all, taken }) => {
    const { operation, clients: of, perSecond, median, p99, requests, errors, kmsCalls } = ofRounds(all);
    return {
      ...candidate,
      operation,
      clients: of,
      perSecond,
      median,
      p99,
      requests,
      errors,
      kmsCalls,
      taken,
    };
  });
  const result = { ...run, settings, rows };
  print(result);
  writeResult(values.json, result);
} finally {
  for (const { load, measured } of vaults) {
    load.close();
    await measured.stop();
  }
}

async function begin(candidate: Running['candidate']): Promise<Running> {
  const pool = candidate.pool ? settings.pool : '0,1';
  const measured = await startMeasured(['--kms-latency', String(candidate.latencyMs), '--key-pool', pool]);
  const load = new Load();
  try {
    load.use({ hot: await makeRecords(load, measured, settings.hot), cold: [] });
  } catch (error) {
    load.close();
    await measured.stop();
    throw error;
  }
  await settle(candidate, measured);
  return { candidate, measured, load };
}

/** One measurement of one vault. */
async function turn(
  round: number,
  { candidate, measured, load }: Running,
  operation: string,
  number: number,
): Promise<void> {
  const { pool, latencyMs } = candidate;
  const before = await takenFrom(measured.vault);
  const row = await measure(load, measured, operation, number, settings);
  const after = await takenFrom(measured.vault);
  const key = JSON.stringify([operation, number, pool, latencyMs]);
  const { rows, taken } = rounds.get(key) ?? { rows: [], taken: { pool: 0, kms: 0 } };
  const sum = {
    pool: taken.pool + after.pool - before.pool,
    kms: taken.kms + after.kms - before.kms,
  };
  rounds.set(key, { candidate: { pool, latencyMs }, rows: [...rows, row], taken: sum });
  process.stderr.write(`round ${round}, ${show({ pool, latencyMs }, row)}\n`);
  if (operation === 'create') await settle(candidate, measured);
}

/** Before another vault is measured on the same cores. */
async function settle({ pool }: Running['candidate'], measured: Measured): Promise<void> {
  if (pool && !(await atRest(() => measured.kmsCalls())))
    process.stderr.write('its pool is not full after a minute: it goes on beside the next\n');
}
