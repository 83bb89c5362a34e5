// SPDX-License-Identifier: Apache-2.0
/**
 * Start-up, size and memory at rest: `node bench/startup.ts [--json FILE] [--runs 5] [--lambda-runs 10]`. The local vault from its command to its
 * ready message, an enclave from its launch until it serves, the Lambda function's cold start (bench/lambda.ts), bundles in bytes.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalVault } from '../tests/support/local-vault.ts';
import { optionsOf } from './support/options.ts';
import { beginRun, writeResult } from './support/run.ts';
import { memoryOf, pidsOf } from './system/processes.ts';
import { bundleSizes, type LambdaStart, type StartupResult, startupTables } from './system/sizes.ts';
import { startUp } from './system/startup.ts';

const values = optionsOf('startup', {
  json: { type: 'string' },
  runs: { type: 'string', default: '5' },
  // 0: without
  'lambda-runs': { type: 'string', default: '10' },
});
/** After which a vault that nobody calls has settled. */
const REST_MS = 5_000;

const run = beginRun('startup');
const runs = Number(values.runs);
const vault = await startUp(runs);
process.stderr.write('the vault was started\n');

const enclaveBoots: number[] = [];
const rest = await LocalVault.start();
let memory: StartupResult['memory'];
try {
  await rest.until('enclave_healthy');
  await sleep(REST_MS);
  memory = memoryOf(await pidsOf(rest));
  // One after the other is killed: the parent boots another in its place.
  while (enclaveBoots.length < runs) {
    const { enclave } = await pidsOf(rest);
    const before = rest.logged('enclave_healthy').length;
    if (enclave !== undefined) process.kill(enclave, 'SIGKILL');
    while (rest.logged('enclave_healthy').length === before) await sleep(20);
    enclaveBoots.push(Number(rest.logged('enclave_healthy').at(-1)?.ms));
    process.stderr.write(`an enclave booted in ${enclaveBoots.at(-1)} ms\n`);
  }
} finally {
  await rest.stop();
}

const result: StartupResult = {
  ...run,
  runs,
  vault,
  enclaveBoots,
  lambda: Number(values['lambda-runs']) > 0 ? lambda() : [],
  memory,
  sizes: await bundleSizes(),
};
console.log(startupTables(result));
writeResult(values.json, result);

/** Its own measurement, in a process of its own. */
function lambda(): readonly LambdaStart[] {
  const folder = mkdtempSync(join(tmpdir(), 'ev-bench-'));
  try {
    const file = join(folder, 'lambda.json');
    const script = join(import.meta.dirname, 'lambda.ts');
    execFileSync(process.execPath, [script, '--runs', values['lambda-runs'], '--json', file], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return (JSON.parse(readFileSync(file, 'utf8')) as { rows: LambdaStart[] }).rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
