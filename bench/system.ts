// SPDX-License-Identifier: Apache-2.0
/**
 * The whole vault under load, as its clients see it: `node bench/system.ts [--json FILE]`. Starts the vault as
 * `npm start` does and measures latency and throughput of each operation, memory and start-up (README.md).
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { LocalVault } from '../tests/support/local-vault.ts';
import { Load, type Sample } from './system/load.ts';
import { memory } from './system/memory.ts';
import { OPERATIONS, record } from './system/operations.ts';
import { machine, markdown, type Report, type Row } from './system/report.ts';
import { startUp } from './system/startup.ts';
import { median, quantile } from './system/statistics.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    'warm-up': { type: 'string', default: '1' },
    starts: { type: 'string', default: '5' },
    clients: { type: 'string', default: '1,32' },
  },
});
const settings = {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  warmUpSeconds: Number(values['warm-up']),
  starts: Number(values.starts),
  records: 500,
};
const CLIENTS = values.clients.split(',').map(Number);

const before = machine();
const starts = await startUp(settings.starts);
const vault = await LocalVault.start();
const load = new Load();
try {
  const idle = await memory(vault);
  const target = { port: Number(new URL(vault.url).port), key: vault.adminKey };
  const ids = await prepare();
  const samples = new Map<string, Sample[]>();
  // Operations take turns, so that a noisy moment of the machine falls upon all of them.
  for (let round = 0; round < settings.rounds; round++) {
    for (const clients of CLIENTS) {
      for (const { name: operation } of OPERATIONS) {
        const sample = await load.run({
          ...target,
          operation,
          clients,
          ids,
          warmUpMs: settings.warmUpSeconds * 1000,
          ms: settings.seconds * 1000,
        });
        const key = JSON.stringify([operation, clients]);
        samples.set(key, [...(samples.get(key) ?? []), sample]);
        process.stderr.write(`round ${round + 1}, ${clients} clients, ${operation}: ${show(sample)}\n`);
      }
    }
  }
  const rows = [...samples].map(([key, rounds]) => row(key, rounds));
  const report: Report = {
    machine: before,
    settings,
    startUp: starts,
    rows,
    memory: { idle, loaded: await memory(vault) },
  };
  console.log(markdown(report));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
} finally {
  load.close();
  await vault.stop();
}

/** Records to read, and a vault that has worked for a while. */
async function prepare(): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < settings.records) {
    const made = await Promise.all(
      Array.from({ length: 10 }, (_, i) => vault.call('POST', '/v1/vaults', record(ids.length + i))),
    );
    for (const { status, json } of made) {
      if (status !== 201) throw new Error(`a record could not be made: ${status}`);
      ids.push(String(json.id));
    }
  }
  return ids;
}

function row(key: string, rounds: readonly Sample[]): Row {
  const [operation, clients] = JSON.parse(key) as [string, number];
  const errors: Record<string, number> = {};
  for (const [what, count] of rounds.flatMap((sample) => sample.errors)) {
    errors[what] = (errors[what] ?? 0) + count;
  }
  return {
    operation,
    clients,
    median: median(rounds.map(({ times }) => median(times))),
    p99: median(rounds.map(({ times }) => quantile(times, 0.99))),
    perSecond: median(rounds.map(({ times, ms }) => (times.length / ms) * 1000)),
    requests: rounds.reduce((sum, { times }) => sum + times.length, 0),
    errors,
  };
}

function show({ times, ms, errors }: Sample): string {
  const failed = errors.length === 0 ? '' : `, errors ${JSON.stringify(errors)}`;
  return `${median(times).toFixed(1)} ms, ${((times.length / ms) * 1000).toFixed(0)}/s${failed}`;
}
