// SPDX-License-Identifier: Apache-2.0
import {
  API,
  CANARY,
  type ComparedPolicies,
  canaryManifest,
  comparedPolicies,
  contextOf,
  DATA,
  InfraError,
  KEYS,
  MANIFEST_FILE,
  type PlacedRelease,
  type Stage,
} from '@enclave-vault/infra';
import type { Measurements } from '@enclave-vault/policies';
import { type Placer, sha256Of } from '../artifacts/placer.ts';
import { zipWith } from '../artifacts/zip.ts';
import { phaseOf } from '../stack/statuses.ts';
import type { DeployRun, Known } from './run.ts';
import { deployStage, takeOutputs } from './stage.ts';

/*
 * The canary inside compares the policies of keys and table with a manifest that lies beside its code, below AWS Signer's
 * signature. A deployment that changes policies tells it first, and tells it again when they are changed: in between it
 * takes exactly the states that were declared, the one before and those after, each as a whole.
 */

type States = readonly ComparedPolicies<object>[];

/**
 * Before keys or table change: the canary that is deployed takes what is and what will be. Nothing where there is no
 * canary yet, or nothing changes.
 * @param sets what the keys will admit, one after the other
 */
export async function announce(
  run: DeployRun,
  known: Known,
  placer: Placer,
  sets: readonly (Measurements | null)[],
): Promise<void> {
  const now = await deployedPolicies(run);
  if (now === undefined || !(await isWatched(run, known))) return;
  const states = [now, ...sets.map((set) => policiesOf(run, known, set))];
  const texts = new Set(states.map((state) => canaryManifest([state])));
  const told = [...texts].every((text) => known.announced.has(text));
  if (texts.size === 1 || told) return;
  await tell(run, known, placer, states);
  known.announced = texts;
}

/** After they changed as announced: the canary takes what the keys admit now, and nothing else. */
export async function settle(run: DeployRun, known: Known, placer: Placer): Promise<void> {
  if (known.announced.size === 0) return;
  await tell(run, known, placer, [policiesOf(run, known, known.measurements)]);
  known.announced = new Set();
}

/** For the canary's own stage: its code with the manifest, signed. */
export async function placeCanary(
  run: DeployRun,
  known: Known,
  placer: Placer,
  states?: States,
): Promise<void> {
  if (known.release === null) throw new InfraError('output_missing', 'no release was uploaded');
  const manifest = canaryManifest(states ?? [policiesOf(run, known, known.measurements)]);
  const zip = zipWith(await run.release.read('canary-inside'), { [MANIFEST_FILE]: manifest });
  const placed = await placer.place('settings', 'canary-inside.zip', sha256Of(zip), async () => zip);
  known.release = withFunction(known.release, 'canary-inside', await placer.sign(placed));
}

/** A release with one more function in place. Those that are not in place yet say so when they are asked for. */
export function withFunction(
  release: PlacedRelease,
  name: 'api' | 'canary-inside',
  value: PlacedRelease['parent'],
): PlacedRelease {
  const { [name]: _, ...others } = Object.getOwnPropertyDescriptors(release.functions);
  const functions = Object.defineProperties({}, { ...others, [name]: { value, enumerable: true } });
  // Descriptors of all functions but one, and that one.
  return { ...release, functions: functions as PlacedRelease['functions'] };
}

async function tell(run: DeployRun, known: Known, placer: Placer, states: States): Promise<void> {
  await placeCanary(run, known, placer, states);
  await deployStage(run, known, { stage: CANARY, region: run.config.region });
}

/** Whether there is a canary, and all that its stage is made of. */
async function isWatched(run: DeployRun, known: Known): Promise<boolean> {
  const { region } = run.config;
  for (const stage of [DATA, API, CANARY] satisfies readonly Stage[])
    if (!(await takeOutputs(run, known, { stage, region }))) return false;
  return true;
}

function policiesOf(
  { config }: DeployRun,
  { outputs, release }: Known,
  measurements: Measurements | null,
): ComparedPolicies<object> {
  return comparedPolicies(contextOf({ config, outputs, measurements, release }), measurements);
}

/**
 * What the stacks of keys and table last had put, from their templates: never from memory, nor from what this release would
 * write. Undefined where one of the policies is not there.
 */
async function deployedPolicies({
  cloud,
  config,
  names,
}: DeployRun): Promise<ComparedPolicies<object> | undefined> {
  const stacks = cloud.stacks(config.region);
  const resourcesOf = async (stage: Stage): Promise<unknown> => {
    const name = names.stack(stage.id);
    const state = await stacks.describe(name);
    if (state === undefined || phaseOf(state.status) !== 'ready') return undefined;
    return at(parse(await stacks.template(name)), 'Resources');
  };
  const keys = await resourcesOf(KEYS);
  const policyOf = (key: string): unknown => at(keys, key, 'Properties', 'KeyPolicy');
  const replicas = at(await resourcesOf(DATA), 'Records', 'Properties', 'Replicas');
  const home: unknown = Array.isArray(replicas)
    ? replicas.find((replica: unknown) => at(replica, 'Region') === config.region)
    : undefined;
  const [vault, request, integrity, table] = [
    policyOf('VaultKey'),
    policyOf('RequestKey'),
    policyOf('IntegrityKey'),
    at(home, 'ResourcePolicy', 'PolicyDocument'),
  ];
  if (!isObject(vault) || !isObject(request) || !isObject(integrity) || !isObject(table)) return undefined;
  return { vault, request, integrity, table };
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((of, name) => (isObject(of) ? of[name] : undefined), value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
