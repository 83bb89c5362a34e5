// SPDX-License-Identifier: Apache-2.0
/**
 * What the model of cost and throughput reckons with: `node bench/model.ts [--json FILE] [--enclave-ms N]`. Units are those that
 * bench/dynamodb.ts found; processor time of the enclave is that of bench/system.ts (one client), or given.
 */
import { DEFAULT_KEY_CACHE, DEFAULT_RATE } from '@enclave-vault/protocol';
import type { DynamoResult } from './dynamodb/result.ts';
import type { Request } from './model/arithmetic.ts';
import type { ModelResult } from './model/result.ts';
import { modelText } from './page/model.ts';
import { optionsOf } from './support/options.ts';
import { beginRun, readResult, writeResult } from './support/run.ts';
import { cpuPerRequest } from './system/measure.ts';
import type { SystemResult } from './system/report.ts';

/** Calls of KMS a decryption of hot records: what the cache of keys is to reach, and not what every load has. */
const HOT_CALLS = 0.05;
/** Where bench/system.ts was not run. */
const ASSUMED_MS = [4, 2] as const;
/** Write units of an entry and a head: of one partition. */
const CHAIN_WRITES = 4;

const values = optionsOf('model', { json: { type: 'string' }, 'enclave-ms': { type: 'string' } });
const run = beginRun('model');
const units = readResult('dynamodb') as DynamoResult | undefined;
if (units === undefined) throw new Error('bench/results/dynamodb.json is not there: run bench/dynamodb.ts');
const unitsOf = (route: string): Request['units'] => {
  const found = units.routes.find((one) => one.route === route);
  if (found === undefined) throw new Error(`no units of ${route}`);
  return found.rules;
};
/** Milliseconds of the enclave's processors for one request, with one client and nothing else to do. */
const measured = (system: SystemResult, operation: string): number => {
  const row = system.rows.find((one) => one.operation === operation && one.clients === 1);
  if (row?.cpu.enclave === undefined) throw new Error(`no enclave's time of ${operation}`);
  return cpuPerRequest(row, (name) => name.startsWith('enclave'));
};
const given = values['enclave-ms'];
const system = readResult('system') as SystemResult | undefined;
const [coldMs, hotMs, from] = enclaveTime();

function enclaveTime(): readonly [cold: number, hot: number, from: string] {
  if (given !== undefined)
    return [Number(given), Number(given), `Processor time of the enclave: ${given} ms a decryption, given`];
  if (system === undefined)
    return [
      ...ASSUMED_MS,
      `Processor time of the enclave: ${ASSUMED_MS.join(' ms a decryption with a call of KMS and ')} ms without, taken for true and not measured`,
    ];
  const [cold, hot] = [measured(system, 'decrypt-cold'), measured(system, 'decrypt-hot')];
  return [
    cold,
    hot,
    `Processor time of the enclave: ${cold.toFixed(2)} ms a decryption with a call of KMS, ${hot.toFixed(2)} ms without, with one client, on ${system.machine.processor} by bench/system.ts (${system.commit}); an AWS processor is another one`,
  ];
}

const decrypt = (kmsCalls: number, enclaveMs: number): Request => ({
  kind: 'decrypt',
  units: unitsOf('decrypt, 12 fields'),
  chainWrites: CHAIN_WRITES,
  kmsCalls,
  keyPairs: 0,
  enclaveMs,
});
const result: ModelResult = {
  ...run,
  deployment: { enclaveCpus: 2, busy: 0.6, rate: DEFAULT_RATE, least: 2 },
  cache: { entries: DEFAULT_KEY_CACHE.entries, ageSeconds: DEFAULT_KEY_CACHE.ageMs / 1000 },
  requests: {
    cold: decrypt(1, coldMs),
    hot: decrypt(HOT_CALLS, HOT_CALLS * coldMs + (1 - HOT_CALLS) * hotMs),
    create: {
      kind: 'create',
      units: unitsOf('create, 12 fields'),
      chainWrites: CHAIN_WRITES,
      kmsCalls: 0,
      keyPairs: 1,
      enclaveMs: 0,
    },
  },
  sources: [`Units: bench/dynamodb.ts, by AWS’s rules for the items that went by (${units.commit})`, from],
};
console.log(modelText(result));
writeResult(values.json, result);
