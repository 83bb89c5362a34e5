// SPDX-License-Identifier: Apache-2.0
import {
  API,
  ARTIFACTS,
  CANARY,
  CONTROLLERS,
  DATA,
  DECRYPTION,
  dataSteps,
  emptyDefaultGroup,
  InfraError,
  KEYS,
  NETWORK,
  type PlacedRelease,
  type Stage,
} from '@enclave-vault/infra';
import type { Measurements } from '@enclave-vault/policies';
import type { Part } from '@enclave-vault/release';
import { bucketPlacer, lookingPlacer, type Placer, sha256Of } from '../artifacts/placer.ts';
import { zipWith } from '../artifacts/zip.ts';
import { DeployError } from '../errors.ts';
import { measurementsOf, widened } from '../keys/measurements.ts';
import { apiFiles, authorizerFiles } from './api-files.ts';
import { announce, placeCanary, settle, withFunction } from './canary.ts';
import { approve, readLive } from './keys.ts';
import { keyPlaces, replicaPlace } from './regions.ts';
import { rollOut } from './rollout.ts';
import type { DeployRun, Known } from './run.ts';
import { settingsOf } from './settings.ts';
import { deployStage, type Placed, roleOf, showStage, takeOutputs } from './stage.ts';

/** `deploy` changes stacks, `show` says what would change, `learn` reads what is deployed for the stages after it. */
export type Act = 'deploy' | 'show' | 'learn';

export interface StepContext {
  readonly run: DeployRun;
  readonly known: Known;
  readonly act: Act;
}

/** @returns whether the stage is deployed, so that later ones can be made */
export type Step = (context: StepContext, stage: Stage) => Promise<boolean>;

const own: Step = (context, stage) => bring(context, { stage, region: context.run.config.region });

const STEPS: Readonly<Record<string, Step>> = {
  [NETWORK.id]: network,
  [ARTIFACTS.id]: artifacts,
  [KEYS.id]: keys,
  [DATA.id]: data,
  [DECRYPTION.id]: decryption,
  [API.id]: api,
  [CANARY.id]: canary,
};

export function stepOf(stage: Stage): Step {
  return STEPS[stage.id] ?? own;
}

/** One stack: deployed, shown, or only read. */
async function bring(
  { run, known, act }: StepContext,
  placed: Placed,
  measurements?: Measurements | null,
): Promise<boolean> {
  if (act === 'learn') return takeOutputs(run, known, placed);
  if (act === 'show') {
    // CloudFormation would compare as the deployment role, which nobody can take before the first stack is there.
    if (roleOf(run, placed.stage.id) === undefined || known.of(CONTROLLERS) !== undefined) {
      return showStage(run, known, placed, measurements);
    }
    run.console.say(`${run.names.stack(placed.stage.id)}: to be made, once the deployment role is there`);
    return false;
  }
  await deployStage(run, known, placed, measurements);
  return true;
}

async function network(context: StepContext, stage: Stage): Promise<boolean> {
  const there = await own(context, stage);
  const { run, known, act } = context;
  const group = known.of(NETWORK)?.DefaultSecurityGroupId;
  if (act !== 'deploy' || group === undefined) return there;
  // No template can say it. Seen to in every run, since whoever adds a rule there does it later.
  for (const revocation of emptyDefaultGroup(group, await run.cloud.network.rules(group))) {
    await run.cloud.network.revoke(revocation);
    run.console.say(`default security group: ${revocation.input.SecurityGroupRuleIds.length} rule taken out`);
  }
  return there;
}

async function artifacts(context: StepContext, stage: Stage): Promise<boolean> {
  const there = await own(context, stage);
  if (!there) return false;
  const { run, known } = context;
  const { release } = run.release;
  const placer = placerOf(context);
  const place = (part: Part) => {
    const { path, sha256 } = release.files[part];
    return placer.place('release', path, sha256, () => run.release.read(part));
  };
  const signed = async (part: Part) => placer.sign(await place(part));
  const authorizer = zipWith(await run.release.read('authorizer'), authorizerFiles(run));
  known.files = {
    parent: await place('parent'),
    image: await place('image'),
    authorizer: await placer.sign(
      await placer.place('settings', 'authorizer.zip', sha256Of(authorizer), async () => authorizer),
    ),
    smoke: await signed('smoke'),
    'canary-outside': await signed('canary-outside'),
  };
  return true;
}

function placerOf({ run, known, act }: StepContext): Placer {
  const outputs = known.of(ARTIFACTS);
  if (outputs === undefined) throw new InfraError('output_missing', 'there is no bucket of artifacts');
  const { cloud, clock, limits, config } = run;
  const signer = config.features.codeSigning
    ? {
        objects: cloud.objects,
        signing: cloud.signing,
        clock,
        limits,
        profile: { name: outputs.SigningProfileName, versionArn: outputs.SigningProfileVersionArn },
      }
    : null;
  return (act === 'show' ? lookingPlacer : bucketPlacer)(cloud.objects, outputs.Bucket, signer);
}

/**
 * Keys first as they are, for their ARNs: PCR16 measures them. Then, once it is known what the release measures to here, open
 * to it beside whatever runs now. The canary that is there is told of every change before it is made.
 */
async function keys(context: StepContext, stage: Stage): Promise<boolean> {
  const { run, known, act } = context;
  const live = await readLive(run);
  if (act === 'deploy' && (await learn(context, stage))) {
    await measure(context, live);
    await announce(run, known, placerOf(context), [live]);
  }
  // What is shown is how it ends.
  const there = act === 'show' ? await learn(context, stage) : await bringKeys(context, live);
  if (!there) return act === 'show' ? bringKeys(context, null) : false;
  const wanted = await measure(context, live);
  if (act === 'show') return bringKeys(context, wanted);
  if (act === 'learn') return true;
  await approve(run, live, wanted, run.release.release.version);
  const both = widened(live, wanted);
  // A pipeline narrows in a run of its own, which announces that.
  await announce(run, known, placerOf(context), run.phase === undefined ? [both, wanted] : [both]);
  return bringKeys(context, both);
}

/** What the release measures to here, with the settings that its instances will have. */
async function measure(context: StepContext, live: Measurements | null): Promise<Measurements> {
  const { run, known } = context;
  known.settings ??= await settingsOf(run, known);
  const { settings } = known;
  const { release } = run.release;
  const wanted = measurementsOf(release, run.names.roles.instance, settings.configuration);
  known.rollout = { live, wanted };
  const placer = placerOf(context);
  const sha256 = sha256Of(settings.parentArchive);
  const parentSettings = await placer.place(
    'settings',
    'parent.tar.gz',
    sha256,
    async () => settings.parentArchive,
  );
  known.release = placedRelease(known, release.version, parentSettings);
  return wanted;
}

async function learn({ run, known }: StepContext, stage: Stage): Promise<boolean> {
  return takeOutputs(run, known, { stage, region: run.config.region });
}

/**
 * Has the keys of all Regions admit a set. Replicas that are not there yet come with the table's own, which they need.
 */
async function bringKeys(context: StepContext, measurements: Measurements | null): Promise<boolean> {
  const { run, known, act } = context;
  const { region } = run.config;
  // Replicas that come later, with the table's, admit the same.
  known.measurements = measurements;
  const [primary, ...replicas] = keyPlaces(run.config);
  if (primary === undefined || !(await bring(context, primary, measurements))) return false;
  // Among the replicas is that of the table's key, so their stacks are younger than the table's.
  if (replicas.length === 0 || !(await takeOutputs(run, known, { stage: DATA, region }))) return true;
  for (const replica of replicas) {
    const name = run.names.stack(replica.stage.id);
    if ((await run.cloud.stacks(replica.region).describe(name)) === undefined) continue;
    if (!(await bring(context, replica, measurements)) && act === 'learn') return false;
  }
  return true;
}

function placedRelease(
  { files }: Known,
  version: string,
  parentSettings: PlacedRelease['parentSettings'],
): PlacedRelease {
  if (files === undefined) throw new InfraError('output_missing', 'no release was uploaded');
  const { parent, image, ...functions } = files;
  return {
    release: version,
    parent,
    image,
    parentSettings,
    functions: {
      ...functions,
      /** Its settings name the load balancer: there is no such zip before that is there. */
      get api(): never {
        throw new InfraError('output_missing', 'the function of the API has no settings yet');
      },
      /** Its manifest is of the keys and the table as they will be. */
      get 'canary-inside'(): never {
        throw new InfraError('output_missing', 'the canary inside has no manifest yet');
      },
    },
  };
}

/** A table with replicas takes several updates, and each replica the keys of its Region before. */
async function data(context: StepContext, stage: Stage): Promise<boolean> {
  const { run, known, act } = context;
  const { region } = run.config;
  const there = await takeOutputs(run, known, { stage, region });
  if (act === 'learn') return there;
  const steps = dataSteps(run.config, known.of(DATA) ?? null);
  // One at a time they cannot be shown: each builds on the one before.
  const shown = act === 'show' ? steps.slice(there ? -1 : 0, there ? undefined : 1) : steps;
  if (act === 'deploy' && there && known.release !== null)
    await announce(run, known, placerOf(context), [known.measurements]);
  for (const step of shown) {
    for (const replica of step.keysIn) await bring(context, replicaPlace(replica));
    if (!(await bring(context, { stage: step.stage, region }))) return false;
  }
  return true;
}

async function decryption(context: StepContext, stage: Stage): Promise<boolean> {
  const { run, known, act } = context;
  const { rollout } = known;
  if (act !== 'deploy') return own(context, stage);
  if (rollout === undefined) throw new DeployError('service_failed', 'the keys are not deployed');
  await rollOut(run, known, stage, rollout, async (measurements) => {
    await announce(run, known, placerOf(context), [measurements]);
    await bringKeys(context, measurements);
    await settle(run, known, placerOf(context));
  });
  return true;
}

async function api(context: StepContext, stage: Stage): Promise<boolean> {
  const { run, known, act } = context;
  const { release } = known;
  if (release !== null && known.of(DECRYPTION) !== undefined && known.of(DATA) !== undefined) {
    known.settings ??= await settingsOf(run, known);
    const { settings } = known;
    const zip = zipWith(await run.release.read('api'), apiFiles(run, known, settings));
    const placer = placerOf(context);
    const placed = await placer.place('settings', 'api.zip', sha256Of(zip), async () => zip);
    known.release = withFunction(release, 'api', await placer.sign(placed));
  }
  if (act === 'deploy') await gatewayLogs(run);
  return own(context, stage);
}

async function canary(context: StepContext, stage: Stage): Promise<boolean> {
  const { run, known } = context;
  if (known.release !== null && known.of(DATA) !== undefined && known.of(API) !== undefined)
    await placeCanary(run, known, placerOf(context));
  return own(context, stage);
}

/** One role of account and Region by which API Gateway writes every log, set only where there is none and we were told to. */
async function gatewayLogs({ cloud, config, names, console }: DeployRun): Promise<void> {
  const { accessLogs, accountLogRole } = config.api;
  if (!accessLogs || accountLogRole !== 'set') return;
  if ((await cloud.account.gatewayLogRole()) !== undefined) return;
  const role = names.roleArn('access-logs');
  await cloud.account.setGatewayLogRole(role);
  console.say(`API Gateway logs as ${role}, in this account and Region`);
}
