// SPDX-License-Identifier: Apache-2.0
/** A stand-in for nitro-cli: see README.md beside it. */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Failure } from './failure.ts';
import { alive, type StandInEnclave, State } from './state.ts';

const LONGEST_END_MS = 5_000;
const folder = process.env.NITRO_CLI_STAND_IN ?? '';
const [command = '', ...args] = process.argv.slice(2);

const COMMANDS: Readonly<Record<string, (state: State, args: string[]) => unknown>> = {
  'run-enclave': run,
  'describe-enclaves': (state) => state.enclaves(),
  'terminate-enclave': terminate,
};

try {
  appendFileSync(join(folder, 'calls.log'), `${JSON.stringify([command, ...args])}\n`);
  const state = new State(folder);
  const fail = state.settings.fail?.[command];
  if (fail !== undefined) throw new Failure(fail, '', command === 'run-enclave');
  const work = COMMANDS[command];
  if (work === undefined) throw new Failure('E14', 'unknown command', false);
  process.stdout.write(`${JSON.stringify(await work(state, args), null, 2)}\n`);
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  process.stderr.write(error.text(folder));
  process.exitCode = error.exitCode;
}

type Values = Readonly<Record<string, unknown>>;

function readArgs(given: string[], texts: readonly string[], flags: readonly string[] = []): Values {
  const options = Object.fromEntries([
    ...texts.map((name) => [name, { type: 'string' as const }] as const),
    ...flags.map((name) => [name, { type: 'boolean' as const }] as const),
  ]);
  try {
    return parseArgs({ args: given, options, allowPositionals: false }).values;
  } catch {
    throw new Failure('E14', 'unknown arguments', false);
  }
}

function need(values: Values, name: string): string {
  const value = values[name];
  if (typeof value !== 'string') throw new Failure('E01', name, false);
  return value;
}

function whole(values: Values, name: string): number {
  const value = need(values, name);
  if (!/^\d+$/.test(value)) throw new Failure('E03', name, false);
  return Number(value);
}

async function run(state: State, given: string[]): Promise<unknown> {
  const values = readArgs(
    given,
    ['eif-path', 'cpu-count', 'memory', 'enclave-name', 'enclave-cid'],
    ['debug-mode'],
  );
  const wanted = {
    eif: need(values, 'eif-path'),
    cpus: whole(values, 'cpu-count'),
    memory: whole(values, 'memory'),
    name: typeof values['enclave-name'] === 'string' ? values['enclave-name'] : 'enclave',
    cid: values['enclave-cid'] === undefined ? null : whole(values, 'enclave-cid'),
    debug: values['debug-mode'] === true || state.settings.debug === true,
  };
  if (!state.lock()) throw new Failure('E36', 'another one is being launched');
  try {
    return await launch(state, wanted);
  } finally {
    state.unlock();
  }
}

interface Wanted {
  eif: string;
  cpus: number;
  memory: number;
  name: string;
  cid: number | null;
  debug: boolean;
}

async function launch(state: State, { eif, cpus, memory, name, cid, debug }: Wanted): Promise<unknown> {
  const { settings } = state;
  const image = readImage(eif);
  const running = state.enclaves();
  const used = (member: 'NumberOfCPUs' | 'MemoryMiB') => running.reduce((sum, one) => sum + one[member], 0);
  if (cpus + used('NumberOfCPUs') > (settings.cpus ?? 8))
    throw new Failure('E22', `\`cpu-count\` is ${cpus}`);
  const least = Math.ceil((image.length * 4) / 2 ** 20);
  if (memory < least) throw new Failure('E26', `the minimum memory should be ${least} MB`);
  process.stderr.write('Start allocating memory...\n');
  await sleep(settings.runMs ?? 0);
  if (memory + used('MemoryMiB') > (settings.memory ?? 8192))
    throw new Failure('E27', `\`memory\` is ${memory} MB`);
  const EnclaveID = `${settings.instanceId ?? 'i-0123456789abcdef0'}-enc${randomBytes(8).toString('hex')}`;
  const EnclaveCID = cid ?? state.freeCid();
  const EnclaveName = state.freeName(name);
  const ProcessID = start(state, { eif, id: EnclaveID, cid: EnclaveCID, name: EnclaveName, memory, cpus });
  process.stderr.write(
    `Started enclave with enclave-cid: ${EnclaveCID}, memory: ${memory} MiB, cpu-ids: []\n`,
  );
  await sleep(settings.bootMs ?? 50);
  if (!alive(ProcessID)) throw new Failure('E36');
  const CPUIDs = Array.from({ length: cpus }, (_, index) => index + 1);
  const told = {
    EnclaveName,
    EnclaveID,
    ProcessID,
    EnclaveCID,
    NumberOfCPUs: cpus,
    CPUIDs,
    MemoryMiB: memory,
  };
  const enclave: StandInEnclave = {
    ...told,
    State: 'RUNNING',
    Flags: debug ? 'DEBUG_MODE' : 'NONE',
    Measurements: settings.measurements ?? digests(image),
  };
  state.keep(enclave);
  return told;
}

function readImage(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw new Failure('E19', `\nFile: '${path}', failing operation: 'Open'.`);
  }
}

function start(state: State, values: Readonly<Record<string, string | number>>): number {
  const place = join(state.folder, `cid-${values.cid}`);
  mkdirSync(place, { recursive: true });
  const fill = (text: string) =>
    text.replace(/\{(\w+)\}/g, (whole, key: string) => String({ ...values, folder: place }[key] ?? whole));
  const [program = '', ...rest] = state.settings.launch.map(fill);
  const output = openSync(join(place, 'output.log'), 'a');
  const child = spawn(program, rest, {
    cwd: place,
    detached: true,
    stdio: ['ignore', output, output],
    env: { PATH: process.env.PATH, ...state.settings.env },
  });
  child.on('error', () => undefined);
  child.unref();
  if (child.pid === undefined) throw new Failure('E05', 'the launch command cannot be started');
  return child.pid;
}

async function terminate(state: State, given: string[]): Promise<unknown> {
  const EnclaveID = need(readArgs(given, ['enclave-id']), 'enclave-id');
  const enclave = state.enclaves().find((one) => one.EnclaveID === EnclaveID);
  if (enclave === undefined) throw new Failure('E11', '', false);
  process.kill(-enclave.ProcessID, 'SIGKILL');
  for (let waited = 0; alive(enclave.ProcessID); waited += 2) {
    if (waited > LONGEST_END_MS) throw new Failure('E38');
    await sleep(2);
  }
  state.forget(EnclaveID);
  process.stderr.write(`Successfully terminated enclave ${EnclaveID}.\n`);
  return { EnclaveName: enclave.EnclaveName, EnclaveID, Terminated: true };
}

/** Of the right shape, and nothing more: PCRs are measured over the sections of an image. */
function digests(image: Buffer): Record<string, string> {
  const digest = (n: number) => createHash('sha384').update(`${n}`).update(image).digest('hex');
  return { HashAlgorithm: 'Sha384 { ... }', PCR0: digest(0), PCR1: digest(1), PCR2: digest(2) };
}
