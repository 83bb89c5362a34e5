// SPDX-License-Identifier: Apache-2.0
import { randomBytes, X509Certificate } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { EnclaveDescription, RunEnclaveOptions, Termination } from './descriptions.ts';
import { type RunningEnclave, startEnclave } from './enclave.ts';
import { NitroError } from './errors.ts';
import type { Log } from './log.ts';
import { readImage } from './measure/image.ts';
import {
  type MeasurementsJson,
  measuredRegisters,
  measurementsJson,
  type Surroundings,
} from './measure/measurements.ts';
import { Measurer } from './measure/measurer.ts';
import { findRuntime, type Runtime } from './measure/runtime.ts';
import { type Abilities, probeAbilities } from './sandbox/probe.ts';
import { findTools, type Tools } from './sandbox/tools.ts';
import { createSigner } from './signer.ts';
import { type HypervisorState, openState } from './state.ts';

export interface HypervisorOptions {
  /** Root key and signing certificate; null: a new root that ends with this object. */
  stateFile: string | null;
  /** Mode 0700, at most 80 bytes; its folders named e16, e17, … are this object's. */
  runDirectory: string;
  roleArn: string;
  instanceId: string;
  /** The node binary that enclaves run. */
  node: string;
  /** In the names of certificates. Default us-east-1. */
  region?: string;
  /** Names that the isolation of every enclave must have (SPEC.md); default none. */
  requireIsolation?: readonly string[];
  /** Folders of the programs that build the sandbox; default PATH and the system's. */
  toolPath?: readonly string[];
  log?: Log;
  /** ms since the epoch. */
  now?: () => number;
}

/** The first that a parent may use: 0-2 are reserved, 3 is the parent. */
const FIRST_CID = 16;
/** The path of a unix socket has 107 bytes. */
const MAX_RUN_DIRECTORY = 80;
const MAX_ENDED = 16;
const MIN_MEMORY_MIB = 64;
const NAME = /^[A-Za-z0-9._-]{1,64}$/;

interface Entry {
  description: EnclaveDescription;
  enclave: RunningEnclave;
}

interface Parts {
  state: HypervisorState;
  runtime: Runtime;
  tools: Tools;
  abilities: Abilities;
}

/**
 * Measures, launches and ends enclaves, and is their NSM. It alone holds the keys that attestation documents are signed
 * with. Every rejection is a NitroError.
 */
export class Hypervisor {
  /** PEM of the development root. */
  readonly rootCertificate: string;
  readonly #options: HypervisorOptions;
  readonly #parts: Parts;
  readonly #surroundings: Surroundings;
  readonly #measurer: Measurer;
  readonly #log: Log;
  /** Running ones by id. */
  readonly #entries = new Map<string, Entry>();
  /** The last that ended by themselves. */
  #ended: EnclaveDescription[] = [];
  #starting = new Set<Promise<unknown>>();
  #nextCid = FIRST_CID;
  #closing = false;

  private constructor(options: HypervisorOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
    this.#log = options.log ?? (() => undefined);
    this.#measurer = new Measurer(parts.runtime);
    this.rootCertificate = new X509Certificate(parts.state.root.certificate).toString();
    const { roleArn, instanceId } = options;
    this.#surroundings = { roleArn, instanceId, signingCertificate: parts.state.signingCertificate };
  }

  /** @throws NitroError `config_invalid`, `state_invalid`, `state_permissions` */
  static async open(options: HypervisorOptions): Promise<Hypervisor> {
    const tools = findTools(options.toolPath);
    const [runtime, abilities, state] = await Promise.all([
      findRuntime(options.node, tools.ldd),
      probeAbilities(tools),
      openState(options.stateFile, (options.now ?? Date.now)()),
      prepareFolder(options.runDirectory),
    ]);
    return new Hypervisor(options, { state, runtime, tools, abilities });
  }

  /** Begins to measure the node binary now, so that the first `measure` need not wait for it. */
  warm(): void {
    this.#measurer.warm();
  }

  /** Namespaces that enclaves will get here, as far as one can tell before there is one. */
  get namespaces(): readonly string[] {
    return [...this.#parts.abilities.namespaces];
  }

  /** @throws NitroError, of the image, of its name and memory, of the launch */
  async runEnclave(run: RunEnclaveOptions): Promise<EnclaveDescription> {
    if (this.#closing) throw new NitroError('closed', 'the hypervisor is ending');
    const starting = this.#run(run);
    this.#starting.add(starting);
    try {
      return await starting;
    } finally {
      this.#starting.delete(starting);
    }
  }

  async #run(run: RunEnclaveOptions): Promise<EnclaveDescription> {
    const { region = 'us-east-1', instanceId, runDirectory, now = Date.now } = this.#options;
    const { runtime, tools, abilities, state } = this.#parts;
    if (run.memoryMib < MIN_MEMORY_MIB) {
      throw new NitroError('insufficient_memory', `memory_mib must be at least ${MIN_MEMORY_MIB}`);
    }
    if (run.name !== undefined && !NAME.test(run.name)) throw new NitroError('invalid_name', 'name');
    const begun = performance.now();
    const image = await readImage(run.image);
    const cid = this.#nextCid++;
    const moduleId = `${instanceId}-enc${randomBytes(8).toString('hex')}`;
    const debug = run.debugMode === true;
    const enclave = await startEnclave({
      moduleId,
      folder: join(runDirectory, `e${cid}`),
      image,
      runtime,
      tools,
      abilities,
      surroundings: this.#surroundings,
      debug,
      attest: createSigner({ root: state.root, region, instanceId, moduleId, now }),
      requireIsolation: this.#options.requireIsolation ?? [],
      log: this.#log,
    });
    const description: EnclaveDescription = {
      EnclaveName: this.#freeName(run.name ?? image.name),
      EnclaveID: moduleId,
      ProcessID: enclave.pid,
      EnclaveCID: cid,
      NumberOfCPUs: run.cpuCount,
      CPUIDs: [],
      MemoryMiB: run.memoryMib,
      State: 'RUNNING',
      Flags: debug ? 'DEBUG_MODE' : 'NONE',
      Measurements: measurementsJson(enclave.measured, [0, 1, 2, 8]),
      Sockets: enclave.sockets,
      Isolation: enclave.isolation,
    };
    this.#entries.set(moduleId, { description, enclave });
    void enclave.ended.then(() => this.#onEnd(moduleId));
    const { EnclaveName, ProcessID, Isolation } = description;
    const ms = Math.round(performance.now() - begun);
    this.#log('info', 'enclave_started', { enclave: moduleId, EnclaveName, ProcessID, Isolation, ms });
    return description;
  }

  /** Running ones, and the last ones that ended by themselves: those until someone terminates them. */
  describeEnclaves(): EnclaveDescription[] {
    return [...[...this.#entries.values()].map(({ description }) => description), ...this.#ended];
  }

  /** @throws NitroError `enclave_not_found` */
  async terminateEnclave(id: string): Promise<Termination> {
    const entry = this.#entries.get(id);
    const ended = this.#ended.find(({ EnclaveID }) => EnclaveID === id);
    const description = entry?.description ?? ended;
    if (description === undefined) throw new NitroError('enclave_not_found', 'no such enclave');
    this.#entries.delete(id);
    this.#ended = this.#ended.filter((other) => other !== ended);
    await entry?.enclave.terminate();
    return { EnclaveName: description.EnclaveName, EnclaveID: id, Terminated: true };
  }

  /** Registers 0-4 and 8 that an enclave of this image would have here. @throws NitroError of the image */
  async measure(folder: string): Promise<MeasurementsJson> {
    const digests = await this.#measurer.digests(await readImage(folder));
    return measurementsJson(measuredRegisters(digests, this.#surroundings), [0, 1, 2, 3, 4, 8]);
  }

  /** Ends all enclaves, and launches no more. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.allSettled([...this.#starting]);
    await Promise.allSettled([...this.#entries.keys()].map(async (id) => this.terminateEnclave(id)));
  }

  #onEnd(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#ended = [...this.#ended, { ...entry.description, State: 'TERMINATED' as const }].slice(-MAX_ENDED);
    this.#log('warn', 'enclave_ended', { enclave: id, EnclaveName: entry.description.EnclaveName });
  }

  /** As nitro-cli does it: a name that is taken gets a number. */
  #freeName(name: string): string {
    const taken = new Set([...this.#entries.values()].map(({ description }) => description.EnclaveName));
    let free = name;
    for (let index = 1; taken.has(free); index += 1) free = `${name}_${index}`;
    return free;
  }
}

/** Removes what an earlier hypervisor has left there: its enclaves ended with it. */
async function prepareFolder(path: string): Promise<void> {
  if (Buffer.byteLength(path) > MAX_RUN_DIRECTORY) {
    throw new NitroError('config_invalid', `runDirectory: more than ${MAX_RUN_DIRECTORY} bytes`);
  }
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (((await stat(path)).mode & 0o077) !== 0)
    throw new NitroError('config_invalid', 'runDirectory: not 0700');
  const left = (await readdir(path)).filter((name) => /^e\d+$/.test(name));
  await Promise.all(left.map(async (name) => rm(join(path, name), { recursive: true, force: true })));
}
