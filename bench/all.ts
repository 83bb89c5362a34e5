// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run bench`: measures one thing after the other, writes bench/results, and makes docs/performance.md of them.
 *
 *     npm run bench                        all but the long ones
 *     npm run bench -- crypto system       these
 *     npm run bench -- --long              the long ones too: a million records in and out, and 1, 10 and 100 million in a store
 *     npm run bench -- --quick crypto      a look at what it does, in a minute or two: prints, and publishes nothing
 */
import { spawnSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { RESULTS } from './support/run.ts';

interface Measurement {
  /** Its script, where that has another name. */
  readonly script?: string;
  readonly minutes: number;
  readonly quick: readonly string[];
  readonly long?: readonly string[];
}

/** In this order: what reckons with results comes after what measures them. */
const MEASUREMENTS: Readonly<Record<string, Measurement>> = {
  crypto: { minutes: 6, quick: ['--turns', '5', '--fields', '12', '--seconds', '1'] },
  system: {
    minutes: 22,
    quick: [
      ...['--rounds', '1', '--seconds', '2', '--clients', '1,64', '--overload', '0', '--no-profile'],
      ...['--hot', '100', '--cold', '500', '--operations', 'create,get,decrypt-hot,decrypt-cold'],
    ],
  },
  'kms-latency': { minutes: 10, quick: ['--rounds', '1', '--seconds', '1', '--clients', '8', '--hot', '50'] },
  scaling: {
    minutes: 10,
    quick: ['--rounds', '1', '--seconds', '1', '--layouts', '1x1@1,1x1,2x1', '--hot', '50', '--cold', '200'],
  },
  startup: { minutes: 2, quick: ['--runs', '1', '--lambda-runs', '2'] },
  dynamodb: { minutes: 1, quick: [] },
  bulk: {
    minutes: 150,
    quick: ['--records', '500'],
    long: ['--records', '1000000', '--apis', '2', '--key-pool', '2000,5000'],
  },
  'bulk-quota': {
    script: 'bulk',
    minutes: 6,
    quick: ['--records', '500', '--kms-quota', '100,10000'],
    long: ['--records', '20000', '--kms-quota', '100,10000'],
  },
  scale: {
    minutes: 120,
    quick: ['--records', '20000', '--samples', '100'],
    long: ['--records', '1000000,10000000,100000000'],
  },
  model: { minutes: 0, quick: [] },
};

/** How long the next one waits for the last one's load to be over: it says of the machine what others do, and not what the last one did. */
const REST_SECONDS = 180;

const { values, positionals } = read();
const unknown = positionals.filter((name) => !Object.hasOwn(MEASUREMENTS, name));
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`no measurement ${unknown.join(', ')}`);
  console.error('npm run bench [-- [--quick | --long] [NAME…]]   of:');
  for (const [name, { minutes, long }] of Object.entries(MEASUREMENTS)) {
    console.error(
      `  ${name.padEnd(12)} about ${minutes} min${long === undefined ? '' : ', with --long or by name'}`,
    );
  }
  process.exit(values.help ? 0 : 2);
}

const chosen = Object.entries(MEASUREMENTS).filter(([name, { long }]) =>
  positionals.length > 0 ? positionals.includes(name) : long === undefined || values.long,
);
const [load = 0] = loadavg();
if (load > 1)
  console.error(
    `The load of this machine is ${load.toFixed(1)}: something else runs, and figures will say so.`,
  );
let failed = 0;
for (const [i, [name, { script = name, quick, long = [] }]] of chosen.entries()) {
  if (i > 0 && !values.quick) await rest();
  console.error(`== ${name}`);
  const args = values.quick ? quick : [...long, '--json', join(RESULTS, `${name}.json`)];
  failed += run(`${script}.ts`, args);
}
// A quick look is no measurement: the page keeps what was measured.
if (!values.quick) failed += run('page.ts', []);
process.exitCode = failed > 0 ? 1 : 0;

function read() {
  try {
    return parseArgs({
      options: {
        long: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
      allowPositionals: true,
    });
  } catch (error) {
    console.error(error instanceof Error ? error.message : 'the options cannot be read');
    return process.exit(2);
  }
}

/** Until the load is half of the cores, or for so long. */
async function rest(): Promise<void> {
  for (let waited = 0; waited < REST_SECONDS && (loadavg()[0] ?? 0) > cpus().length / 2; waited += 5)
    await sleep(5_000);
}

/** One that fails keeps none of the others from being measured. @returns 1 for a failure */
function run(script: string, args: readonly string[]): number {
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, script), ...args], {
    stdio: 'inherit',
  });
  if (status !== 0) console.error(`${script} ended with ${status}`);
  return status === 0 ? 0 : 1;
}
