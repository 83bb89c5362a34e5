// SPDX-License-Identifier: Apache-2.0
/**
 * The whole vault under load, as its clients see it: `node bench/system.ts [--json FILE]`. Starts the vault as `npm start` does and measures
 * throughput, latency, processor time and memory of each operation at several numbers of clients, and what it does under too many (README.md).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demand, optionsOf } from './support/options.ts';
import { beginRun, writeResult } from './support/run.ts';
import type { Profiled } from './system/cost.ts';
import { Load } from './system/load.ts';
import { measure, ofRounds, type Row } from './system/measure.ts';
import { type OpenRow, openLoop } from './system/open-loop.ts';
import { OPERATIONS } from './system/operations.ts';
import { floodsOf, overload } from './system/overload.ts';
import { memoryOf } from './system/processes.ts';
import { Profiles } from './system/profile/take.ts';
import { print, type SystemResult, show } from './system/report.ts';
import { type Measured, makeRecords, startMeasured } from './system/vault.ts';

const values = optionsOf('system', {
  json: { type: 'string' },
  rounds: { type: 'string', default: '4' },
  seconds: { type: 'string', default: '6' },
  'warm-up': { type: 'string', default: '1' },
  clients: { type: 'string', default: '1,8,64,512' },
  operations: { type: 'string', default: OPERATIONS.map(({ name }) => name).join(',') },
  // Shares of the most that clients get which wait for their answers: so many requests come a second, answered or not.
  open: { type: 'string', default: '0.5,0.8' },
  overload: { type: 'string', default: '1024' },
  hot: { type: 'string', default: '500' },
  // More than an enclave keeps keys of, and walked through in turn: none of them is there when it comes again.
  cold: { type: 'string', default: '6000' },
  apis: { type: 'string' },
  enclaves: { type: 'string' },
  // A folder for CPU profiles of all processes; a temporary one by default. They are taken of a second vault, since they cost time themselves.
  profile: { type: 'string' },
  'profile-clients': { type: 'string', default: '32' },
  'no-profile': { type: 'boolean', default: false },
});
const settings = {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  warmUpSeconds: Number(values['warm-up']),
  hot: Number(values.hot),
  cold: Number(values.cold),
  enclaves: Number(values.enclaves ?? 1),
};
const clients = values.clients.split(',').map(Number);
const operations = values.operations.split(',').filter((name) => name !== '');
const shares = values.open
  .split(',')
  .filter((share) => share !== '')
  .map(Number);
const unknown = operations.find((name) => !OPERATIONS.some((one) => one.name === name));
demand(
  unknown === undefined,
  `there is no operation ${unknown}: ${OPERATIONS.map(({ name }) => name).join(', ')}`,
);
demand(
  [...Object.values(settings), ...clients, ...shares, Number(values.overload)].every((n) => n >= 0),
  '--rounds, --seconds, --warm-up, --clients, --open, --hot, --cold and --overload take numbers',
);

/** A client alone asks so seldom that its rounds are longer, for as many answers as a p99.9 needs. */
const ALONE = 2.5;
const PROFILE_WARM_UP_SECONDS = 10;
const PROFILE_SECONDS = 8;
const run = beginRun('system');
const layout = [
  ...(values.apis === undefined ? [] : ['--apis', values.apis]),
  ...(values.enclaves === undefined ? [] : ['--enclaves', values.enclaves]),
];
const { rows, open, overloads, memory } = await underLoad();
const profiled = values['no-profile'] ? [] : await underProfiles();
const result: SystemResult = { ...run, settings, rows, open, overloads, memory, profiled };
print(result);
writeResult(values.json, result);

async function underLoad(): Promise<
  Pick<SystemResult, 'rows' | 'overloads' | 'memory'> & { readonly open: readonly OpenRow[] }
> {
  const measured = await startMeasured(layout);
  const load = new Load();
  try {
    const idle = memoryOf(measured.pids);
    await prepare(load, measured);
    const rounds = new Map<string, Row[]>();
    // Operations take turns, so that a noisy moment of the machine falls upon all of them.
    for (let round = 0; round < settings.rounds; round++) {
      for (const number of clients) {
        for (const operation of operations) {
          const seconds = number === 1 ? settings.seconds * ALONE : settings.seconds;
          const row = await measure(load, measured, operation, number, { ...settings, seconds });
          const key = `${operation} ${number}`;
          rounds.set(key, [...(rounds.get(key) ?? []), row]);
          process.stderr.write(`round ${round + 1}, ${show(row)}\n`);
        }
      }
    }
    const closed = [...rounds.values()].map(ofRounds);
    const open = await openLoop(load, measured, closed, shares, settings, (row) =>
      process.stderr.write(`at a rate of their own, ${show(row)}\n`),
    );
    const flooding = Number(values.overload);
    const planned = flooding > 0 ? floodsOf(operations, flooding) : [];
    const floods = await overload(
      load,
      measured,
      planned,
      settings,
      ({ during, callers, throughputBack }) => {
        const back = `back to ${(throughputBack * 100).toFixed(0)} %`;
        process.stderr.write(`overload by ${callers ?? 1} callers, ${show(during)}; ${back}\n`);
      },
    );
    return {
      rows: closed,
      open,
      overloads: floods,
      memory: { idle, loaded: memoryOf(measured.pids) },
    };
  } finally {
    load.close();
    await measured.stop();
  }
}

/** Each operation once more, on a vault whose processes take profiles of themselves. */
async function underProfiles(): Promise<Profiled[]> {
  const folder = values.profile ?? mkdtempSync(join(tmpdir(), 'ev-profile-'));
  const profiles = new Profiles(folder);
  const measured = await startMeasured([...profiles.args, ...layout]);
  const load = new Load();
  const found: Row[] = [];
  // Until functions are compiled: a profile of the compiler says nothing of the vault.
  const longer = {
    ...settings,
    seconds: Math.max(PROFILE_SECONDS, settings.seconds),
    warmUpSeconds: Math.max(PROFILE_WARM_UP_SECONDS, settings.warmUpSeconds),
  };
  try {
    await prepare(load, measured);
    for (const operation of operations) {
      const row = await measure(load, measured, operation, Number(values['profile-clients']), longer);
      found.push(row);
      process.stderr.write(`under profiles, ${show(row)}\n`);
    }
    await profiles.fetch(measured.pids);
  } finally {
    load.close();
    await measured.stop();
  }
  const windows = Object.fromEntries(found.map(({ operation, window }) => [operation, window]));
  const shares = profiles.read(windows);
  if (values.profile === undefined) rmSync(folder, { recursive: true, force: true });
  return found.map((row) => ({ row, shares: shares[row.operation] ?? {} }));
}

async function prepare(load: Load, measured: Measured): Promise<void> {
  const cold = operations.includes('decrypt-cold') ? settings.cold : 0;
  const records = await makeRecords(load, measured, settings.hot + cold);
  load.use({ hot: records.slice(0, settings.hot), cold: records.slice(settings.hot) });
}
