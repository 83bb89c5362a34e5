// SPDX-License-Identifier: Apache-2.0
/**
 * The whole vault under load, as its clients see it: `node bench/system.ts [--json FILE]`. Starts the vault as `npm start` does and measures
 * throughput, latency, processor time and memory of each operation at several numbers of clients, and what it does under too many (README.md).
 */
import { parseArgs } from 'node:util';
import { beginRun, writeResult } from './support/run.ts';
import { Load } from './system/load.ts';
import { measure, ofRounds, type Row } from './system/measure.ts';
import { OPERATIONS } from './system/operations.ts';
import { type Overload, overload } from './system/overload.ts';
import { memoryOf } from './system/processes.ts';
import type { Window } from './system/profile/read.ts';
import { Profiles } from './system/profile/take.ts';
import { print, printShares, show } from './system/report.ts';
import { makeRecords, startMeasured } from './system/vault.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    'warm-up': { type: 'string', default: '1' },
    clients: { type: 'string', default: '1,8,64,512' },
    operations: { type: 'string', default: OPERATIONS.map(({ name }) => name).join(',') },
    overload: { type: 'string', default: '1024' },
    hot: { type: 'string', default: '500' },
    // More than an enclave keeps keys of, and walked through in turn: none of them is there when it comes again.
    cold: { type: 'string', default: '6000' },
    apis: { type: 'string' },
    enclaves: { type: 'string' },
    // A folder: CPU profiles of all processes, and where their time went. What it costs makes the other figures worse.
    profile: { type: 'string' },
  },
});
const settings = {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  warmUpSeconds: Number(values['warm-up']),
  hot: Number(values.hot),
  cold: Number(values.cold),
};
const clients = values.clients.split(',').map(Number);
const operations = values.operations.split(',').filter((name) => name !== '');
const unknown = operations.find((name) => !OPERATIONS.some((one) => one.name === name));
if (unknown !== undefined) throw new Error(`there is no operation ${unknown}`);

const run = beginRun('system');
const profiles = values.profile === undefined ? undefined : new Profiles(values.profile);
const measured = await startMeasured([
  ...(profiles?.args ?? []),
  ...(values.apis === undefined ? [] : ['--apis', values.apis]),
  ...(values.enclaves === undefined ? [] : ['--enclaves', values.enclaves]),
]);
const load = new Load();
const windows: Record<string, Window> = {};
try {
  const idle = memoryOf(measured.pids);
  const coldWanted = operations.includes('decrypt-cold') ? settings.cold : 0;
  const records = await makeRecords(load, measured, settings.hot + coldWanted);
  load.use({ hot: records.slice(0, settings.hot), cold: records.slice(settings.hot) });
  const rounds = new Map<string, Row[]>();
  // Operations take turns, so that a noisy moment of the machine falls upon all of them.
  for (let round = 0; round < settings.rounds; round++) {
    for (const number of clients) {
      for (const operation of operations) {
        const row = await measure(load, measured, operation, number, settings);
        const key = `${operation} ${number}`;
        rounds.set(key, [...(rounds.get(key) ?? []), row]);
        windows[key] = row.window;
        process.stderr.write(`round ${round + 1}, ${show(row)}\n`);
      }
    }
  }
  const rows = [...rounds.values()].map(ofRounds);
  const overloads: Overload[] = [];
  if (Number(values.overload) > 0) {
    for (const operation of operations.filter((name) => name === 'decrypt-hot' || name === 'mixed')) {
      const found = await overload(load, measured, operation, Number(values.overload), settings);
      overloads.push(found);
      process.stderr.write(
        `overload, ${show(found.during)}; back to ${(found.throughputBack * 100).toFixed(0)} %\n`,
      );
    }
  }
  const result = { ...run, settings, rows, overloads, memory: { idle, loaded: memoryOf(measured.pids) } };
  print(result);
  writeResult(values.json, result);
  await profiles?.fetch(measured.pids);
} finally {
  load.close();
  await measured.stop();
}
if (profiles !== undefined) printShares(profiles.read(windows));
