// SPDX-License-Identifier: Apache-2.0
/**
 * `node tests/fuzz/main.ts [--seconds 60] [--seed N] [--only TEXT]`: fuzzes all targets one after the other, prints what was executed and found, and
 * ends with 1 when there is a find. Finds are written to .cache/fuzz, one file each.
 */
import { createHash, randomInt } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { Reached } from './coverage.ts';
import type { Find, Outcome } from './fuzz.ts';
import { TARGETS } from './targets/index.ts';
import type { Message, Work } from './worker.ts';

const ROOT = join(import.meta.dirname, '../..');
const FINDS = join(ROOT, '.cache/fuzz');
const LARGEST_INPUT = 1024 * 1024;
const HEAP_MB = 512;
/** An input that takes longer than this never ends, or as good as. */
const HANG_MS = 20_000;

const USAGE = `bash tests/heavy/fuzz.sh [--seconds 60] [--seed N] [--only TEXT] [--missed]
  --seconds N   how long, for all targets together
  --seed N      repeats a run
  --only TEXT   targets whose name has this in it
  --missed      lists branches that no input took
  Exit code 0: no finds. 1: finds, in .cache/fuzz.`;

const values = options();
const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
const names = TARGETS.map(({ name }) => name).filter((name) => name.includes(values.only));
if (!(seconds > 0)) refuse('--seconds takes a number above 0');
if (!Number.isSafeInteger(seed)) refuse('--seed takes an integer');
if (names.length === 0)
  refuse(
    `no target has ${JSON.stringify(values.only)} in its name:\n${TARGETS.map(({ name }) => `  ${name}`).join('\n')}`,
  );

const outcomes: Outcome[] = [];
const finds: Find[] = [];
let coverage: Reached = { reached: 0, of: 0, missed: [] };
let left = [...names];
console.log(`fuzz: ${names.length} targets, ${seconds} s, seed ${seed}`);
const started = performance.now();
while (left.length > 0) left = await work(left);
report();

function options() {
  try {
    const { values } = parseArgs({
      options: {
        seconds: { type: 'string', default: '60' },
        seed: { type: 'string', default: String(randomInt(2 ** 31)) },
        only: { type: 'string', default: '' },
        missed: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (!values.help) return values;
    console.log(USAGE);
    process.exit(0);
  } catch (error) {
    refuse(`${error instanceof Error ? error.message : 'unknown option'}\n${USAGE}`);
  }
}

function refuse(why: string): never {
  console.error(`fuzz: ${why}`);
  process.exit(2);
}

/** Runs targets in a thread of their own until all are done or one of them ends it. @returns those still to do */
function work(todo: readonly string[]): Promise<string[]> {
  const counters = new SharedArrayBuffer(8);
  const input = new SharedArrayBuffer(LARGEST_INPUT);
  const progress = new Int32Array(counters);
  const workerData: Work = { names: todo, ms: (1000 * seconds) / names.length, seed, counters, input };
  const worker = new Worker(join(import.meta.dirname, 'worker.ts'), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  const rest = [...todo];
  let seen = -1;
  let ended = false;
  return new Promise((resolve) => {
    const watch = setInterval(() => {
      const now = Atomics.load(progress, 0);
      if (now > 0 && now === seen) end('hang', `over ${HANG_MS / 1000} s`);
      seen = now;
    }, HANG_MS);

    function end(kind: 'hang' | 'crash', detail: string): void {
      if (ended) return;
      ended = true;
      const target = rest.shift() ?? '?';
      const bytes = Buffer.from(new Uint8Array(input)).subarray(0, Atomics.load(progress, 1));
      finds.push({ target, kind, detail, input: Buffer.from(bytes) });
      clearInterval(watch);
      void worker.terminate().then(() => resolve(rest));
    }

    worker.on('message', (message: Message) => {
      if (message.kind === 'started') return;
      const { outcome } = message;
      outcomes.push(outcome);
      finds.push(...outcome.finds.map((find) => ({ ...find, input: Buffer.from(find.input) })));
      if (message.reached.reached > coverage.reached) coverage = message.reached;
      rest.shift();
      const { target, executions, accepted, corpus } = outcome;
      console.log(
        `${target}: ${executions} executions, ${accepted} accepted, corpus ${corpus}, ${outcome.finds.length} finds`,
      );
    });
    worker.on('error', (error) => end('crash', String(error)));
    worker.on('exit', (code) => {
      // A parser that ends the process says nothing of itself; begun again, it would for ever.
      if (rest.length > 0) return end('crash', `ended with ${code}`);
      clearInterval(watch);
      resolve(rest);
    });
  });
}

function report(): void {
  for (const { target, kind, detail, input } of finds) {
    mkdirSync(FINDS, { recursive: true });
    const name = `${target.replaceAll(/[^a-z0-9]+/gi, '-')}-${createHash('sha256').update(input).digest('hex').slice(0, 12)}`;
    writeFileSync(join(FINDS, name), input);
    console.error(
      `FIND ${target}: ${kind}: ${detail}\n  ${input.length} bytes in .cache/fuzz/${name}: ${input.toString('hex').slice(0, 400)}`,
    );
  }
  if (values.missed)
    for (const { file, line } of coverage.missed) console.log(`missed ${relative(ROOT, file)}:${line}`);
  const executions = outcomes.reduce((sum, outcome) => sum + outcome.executions, 0);
  const corpus = outcomes.reduce((sum, outcome) => sum + outcome.corpus, 0);
  const took = Math.round((performance.now() - started) / 1000);
  console.log(
    `fuzz: ${executions} executions in ${took} s, ${corpus} inputs kept, ${coverage.reached} of ${coverage.of} branches of what they load of trusted/ and verifier/, ${finds.length} finds`,
  );
  const failing = new Set(finds.map(({ target }) => target));
  for (const name of names) {
    // What was not executed did not pass.
    if (failing.has(name) || outcomes.some(({ target, executions }) => target === name && executions > 0))
      continue;
    console.error(`NOTHING ${name}: not executed`);
    failing.add(name);
  }
  const failed = failing.size;
  console.log(`${names.length - failed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}
