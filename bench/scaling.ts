// SPDX-License-Identifier: Apache-2.0
/**
 * What more processes of the API and more enclaves bring: `node bench/scaling.ts [--json FILE]`. Each layout is a vault of its own; the layouts
 * take turns, round by round. Clients, KMS and hypervisor need the same cores as what is scaled: the report says how much. `1x1@1` is all of it
 * confined to one core: what that has less than the same on all cores is what cores bring.
 */
import { atRest } from './kms-latency/rest.ts';
import { optionsOf } from './support/options.ts';
import { beginRun, writeResult } from './support/run.ts';
import { onProcessors, processors } from './system/affinity.ts';
import { Load } from './system/load.ts';
import { measure, ofRounds, type Row } from './system/measure.ts';
import { show } from './system/report.ts';
import {
  type Layout,
  layoutOf,
  nameOf,
  type ScalingResult,
  scalingCold,
  scalingTable,
} from './system/scaling.ts';
import { coresSaid, coresTable, gains } from './system/scaling-cores.ts';
import { SCALING_OPTIONS } from './system/scaling-options.ts';
import { makeRecords, startMeasured } from './system/vault.ts';

const values = optionsOf('scaling', SCALING_OPTIONS);
const settings = {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  warmUpSeconds: Number(values['warm-up']),
  clients: Number(values.clients),
  hot: Number(values.hot),
  coldEach: Number(values.cold),
};
const operations = values.operations.split(',');
const there = processors()?.length;
const layouts = values.layouts
  .split(',')
  .map(layoutOf)
  .filter(({ cores }) => cores === undefined || (there !== undefined && there > cores));
if (layouts.length < values.layouts.split(',').length)
  process.stderr.write(
    there === undefined
      ? 'taskset (util-linux) is not there: what is to be confined to some cores is left out\n'
      : `there are ${there} processors: what is to be confined to as many or more is left out\n`,
  );

const run = beginRun('scaling');
const found = new Map<string, Row[]>();
for (let round = 1; round <= settings.rounds; round++)
  for (const layout of layouts) await onProcessors(layout.cores, () => measureOne(round, layout));
const rows = layouts.flatMap((layout) =>
  operations.map((operation) => ({
    ...layout,
    ...ofRounds(found.get(`${nameOf(layout)} ${operation}`) ?? []),
  })),
);
const result: ScalingResult = { ...run, settings, rows };
console.log(`${scalingTable(result)}\n${scalingCold(result)}`);
const gained = gains(rows);
if (gained.length > 0)
  console.log(`${coresTable(gained, run.machine.cores)}\n\n${coresSaid(gained, run.machine.cores)}`);
writeResult(values.json, result);

/** Each operation once, in a vault of its own. */
async function measureOne(round: number, layout: Layout): Promise<void> {
  const { apis, enclaves } = layout;
  const measured = await startMeasured(['--apis', String(apis), '--enclaves', String(enclaves)]);
  const load = new Load();
  try {
    const cold = operations.includes('decrypt-cold') ? settings.coldEach * enclaves : 0;
    const records = await makeRecords(load, measured, settings.hot + cold);
    load.use({ hot: records.slice(0, settings.hot), cold: records.slice(settings.hot) });
    // The pool of key pairs, which was used up by these, is filled again: not beside what is measured.
    await atRest(() => measured.kmsCalls());
    for (const operation of operations) {
      const row = await measure(load, measured, operation, settings.clients, settings);
      const key = `${nameOf(layout)} ${operation}`;
      found.set(key, [...(found.get(key) ?? []), row]);
      process.stderr.write(`round ${round}, ${nameOf(layout)}, ${show(row)}\n`);
    }
  } finally {
    load.close();
    await measured.stop();
  }
}
