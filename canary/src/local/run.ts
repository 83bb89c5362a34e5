// SPDX-License-Identifier: Apache-2.0
import { wordOf } from '../classify.ts';
import { comparePolicies } from '../compare.ts';
import { controlReading } from '../control.ts';
import { stateReading, unlessUnusable } from '../key-state.ts';
import { kmsAsk } from '../kms.ts';
import { type Place, type Probe, type ProbedKeys, probesOf } from '../probes.ts';
import { type Ask, answerWithin, type Reading, runProbes } from '../run.ts';
import { decryptControl } from './control.ts';
import { firstWrapped, type Stolen } from './first-record.ts';
import { comparedKeys, keyLook } from './look.ts';
import type { LocalCanaryConfig } from './settings.ts';

/** For each thing that is asked. All are asked at once, so a run takes little more. */
const LIMIT_MS = 10_000;

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface RunOptions {
  /** Ms for each thing that is asked. */
  readonly limitMs?: number;
  /** Of the instance's role: to ask what the parent asks, without an attestation document. */
  readonly instance?: Credentials | undefined;
}

/** Everything that a canary of this machine asks, and how it is asked. Clients are kept for the next run. */
export class LocalCanary {
  readonly #config: LocalCanaryConfig;
  readonly #keys: ProbedKeys;
  readonly #look: ReturnType<typeof keyLook>;
  readonly #limitMs: number;
  readonly #asks: readonly { readonly place: Place; readonly prefix: string; readonly ask: Ask }[];

  constructor(config: LocalCanaryConfig, { limitMs = LIMIT_MS, instance }: RunOptions = {}) {
    const { kms, keys, credentials, legacyKeys } = config;
    this.#config = config;
    this.#limitMs = limitMs;
    this.#keys = { ...keys, legacy: legacyKeys };
    this.#look = keyLook(config);
    const ask = (endpoint: string, as: Credentials) =>
      // A copy: the SDK writes a note of its own into what it is given.
      kmsAsk({ keys, kms: { endpoint, ca: kms.ca, fips: false } }, { ...as });
    this.#asks = [
      { place: 'local', prefix: '', ask: ask(kms.endpoint, credentials) },
      { place: 'outside', prefix: 'outside.', ask: ask(kms.outside, credentials) },
      ...(instance === undefined
        ? []
        : [{ place: 'parent', prefix: 'parent.', ask: ask(kms.endpoint, instance) } as const]),
    ];
  }

  /** One run: probes from every side, the policies, grants and states of all keys, and the control. Never throws. */
  async run(): Promise<readonly Reading[]> {
    const [probed, states, compared, control] = await Promise.all([
      Promise.all(
        this.#asks.map(async ({ place, prefix, ask }) => {
          const readings = await this.#probe(place, ask);
          return readings.map((reading) => ({ ...reading, probe: prefix + reading.probe }));
        }),
      ),
      this.#states(),
      this.#compare(),
      this.#control(),
    ]);
    const refusals = unlessUnusable(probed.flat(), states, stateOfProbe);
    return [...refusals, ...states, ...compared, control];
  }

  close(): void {
    this.#look.close();
  }

  async #probe(place: Place, ask: Ask): Promise<readonly Reading[]> {
    const probes = probesOf(place, this.#keys);
    if (place !== 'local') return runProbes(probes, ask, this.#limitMs);
    const { keys, legacyKeys, database } = this.#config;
    // The vault key first: it alone wraps under a context.
    const read = await answerWithin(this.#limitMs, () => firstWrapped(database, [keys.vault, ...legacyKeys]));
    const stolen: ReadonlyMap<string, Stolen> = read.done ? read.value : new Map();
    const armed = probes.map((probe) => armedWith(probe, stolen.get(probe.keyId)));
    if (stolen.has(keys.vault)) return runProbes(armed, ask, this.#limitMs);
    // The control's own record is in the store: where none is found, the canary looked at something else.
    const reason = read.done ? 'empty_store' : wordOf(read.error);
    const rest = armed.filter(({ name }) => name !== 'vault.decrypt');
    return [
      { probe: 'vault.decrypt', outcome: 'CanaryError', reason },
      ...(await runProbes(rest, ask, this.#limitMs)),
    ];
  }

  #states(): Promise<readonly Reading[]> {
    return Promise.all(
      [...comparedKeys(this.#config).keys()].map(async (name) => {
        const state = await answerWithin(this.#limitMs, (signal) => this.#look.state(name, signal));
        return stateReading(`${name}.state`, state);
      }),
    );
  }

  #compare(): Promise<readonly Reading[]> {
    const names = [...comparedKeys(this.#config).keys()];
    const { policies } = this.#config;
    const manifest = async () =>
      Object.fromEntries(names.map((name) => [name, policies[name] === undefined ? [] : [policies[name]]]));
    return comparePolicies({ policies: names, keys: names }, manifest, this.#look, this.#limitMs);
  }

  #control(): Promise<Reading> {
    const { control } = this.#config;
    return controlReading((signal) => decryptControl(control, signal), control.value, this.#limitMs);
  }
}

/** `vault.state` of `outside.vault.decrypt`. */
function stateOfProbe(probe: string): string {
  return `${probe.split('.').at(-2)}.state`;
}

/** Only what decrypts takes a ciphertext. */
function armedWith(probe: Probe, stolen: Stolen | undefined): Probe {
  return probe.operation === 'Decrypt' && stolen !== undefined ? { ...probe, ...stolen } : probe;
}
