// SPDX-License-Identifier: Apache-2.0
/**
 * What more processes of the API and more enclaves bring: `node bench/scaling.ts [--json FILE]`. Each layout is a vault of its own; the layouts
 * take turns, round by round. Clients, KMS and hypervisor need the same cores as what is scaled: the report says how much.
 */
import { optionsOf } from './support/options.ts';
import { beginRun, writeResult } from './support/run.ts';
import { Load } from './system/load.ts';
import { measure, ofRounds, type Row } from './system/measure.ts';
import { show } from './system/report.ts';
import { type Layout, nameOf, type ScalingResult, scalingCold, scalingTable } from './system/scaling.ts';
import { makeRecords, startMeasured } from './system/vault.ts';

const values = optionsOf('scaling', {
  json: { type: 'string' },
  rounds: { type: 'string', default: '3' },
  seconds: { type: 'string', default: '3' },
  'warm-up': { type: 'string', default: '2' },
  clients: { type: 'string', default: '64' },
  // apis x enclaves
  layouts: { type: 'string', default: '1x1,2x1,1x2,2x2' },
  operations: { type: 'string', default: 'create,get,decrypt-hot,decrypt-cold,expressions' },
  hot: { type: 'string', default: '400' },
  // For each enclave, and more than it keeps keys of: none of them is there when it comes again.
  cold: { type: 'string', default: '2500' },
});
const settings = {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  warmUpSeconds: Number(values['warm-up']),
  clients: Number(values.clients),
  hot: Number(values.hot),
  coldEach: Number(values.cold),
};
const operations = values.operations.split(',');
const layouts = values.layouts.split(',').map((text): Layout => {
  const [, apis, enclaves] = /^(\d+)x(\d+)$/.exec(text) ?? [];
  if (apis === undefined || enclaves === undefined) throw new Error(`${text} is not APISxENCLAVES`);
  return { apis: Number(apis), enclaves: Number(enclaves) };
});

const run = beginRun('scaling');
const found = new Map<string, Row[]>();
for (let round = 0; round < settings.rounds; round++) {
  for (const layout of layouts) {
    const { apis, enclaves } = layout;
    const measured = await startMeasured(['--apis', String(apis), '--enclaves', String(enclaves)]);
    const load = new Load();
    try {
      const cold = operations.includes('decrypt-cold') ? settings.coldEach * enclaves : 0;
      const records = await makeRecords(load, measured, settings.hot + cold);
      load.use({ hot: records.slice(0, settings.hot), cold: records.slice(settings.hot) });
      for (const operation of operations) {
        const row = await measure(load, measured, operation, settings.clients, settings);
        const key = `${nameOf(layout)} ${operation}`;
        found.set(key, [...(found.get(key) ?? []), row]);
        process.stderr.write(`round ${round + 1}, ${nameOf(layout)}, ${show(row)}\n`);
      }
    } finally {
      load.close();
      await measured.stop();
    }
  }
}
const rows = layouts.flatMap((layout) =>
  operations.map((operation) => ({
    ...layout,
    ...ofRounds(found.get(`${nameOf(layout)} ${operation}`) ?? []),
  })),
);
const result: ScalingResult = { ...run, settings, rows };
console.log(`${scalingTable(result)}\n${scalingCold(result)}`);
writeResult(values.json, result);
