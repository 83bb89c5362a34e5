// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { API, namesOf } from '@enclave-vault/infra';
import { ADVICE, DeployError } from '../errors.ts';
import type { DeployOptions } from '../options.ts';
import { roleFiles } from '../out/role-files.ts';
import { writeFiles } from '../out/write.ts';
import { demandStage, deploy, show } from '../plan/deploy.ts';
import type { DeployRun, Known, Run } from '../plan/run.ts';
import { smokeTest } from '../plan/smoke.ts';
import { type Problem, preflight } from '../preflight/check.ts';
import { refuseOlder } from '../release/older.ts';
import { type OpenedRelease, openRelease } from '../release/open.ts';
import { readDeployConfig } from './config.ts';
import type { World } from './world.ts';

/** `npm run deploy`. @throws {DeployError} */
export async function deployCommand(world: World, options: DeployOptions): Promise<void> {
  const config = readDeployConfig(options.config, world.env);
  demandStage({ config }, options.only);
  const { console, clock, limits } = world;
  const run: Run = { cloud: world.cloud(config), console, clock, limits, config, names: namesOf(config) };
  const sign = options.sign === undefined ? undefined : await readSigningKey(options.sign, world.env);
  const release = await checkAll(run, dirname(options.config));
  const { version, issued } = release.release;
  console.say(`${config.name} in ${config.account}, ${config.region}: release ${version} of ${day(issued)}`);
  sayCertificate(run, release);
  if (!options.older) await refuseOlder(run, version);
  const { yes, phase } = options;
  const deployment: DeployRun = { ...run, release, yes, phase };
  if (options.dryRun) {
    await show(deployment);
    console.say('Nothing was changed.');
    return;
  }
  const known = await deploy(deployment, options.only);
  if (options.only !== undefined || phase === 'widen' || phase === 'narrow') return;
  const folder = options.out ?? resolve(dirname(options.config), `vault-${config.name}`);
  await writeFiles(folder, roleFiles(deployment, known, folder, sign));
  console.say('smoke test, from inside the VPC:');
  await smokeTest(run, known);
  for (const line of farewell(known, folder, options)) console.say(line);
}

/** Days before its end from which the certificate of an image is spoken of in every run. */
const CERTIFICATE_DAYS = 60;
const DAY_MS = 86_400_000;

/** @throws {DeployError} `release_refused` when no instance would start the image */
function sayCertificate({ clock, console }: Run, { release, certificateEnds }: OpenedRelease): void {
  const left = certificateEnds - clock.now();
  if (left <= 0) {
    throw new DeployError(
      'release_refused',
      `the certificate that the image of ${release.version} is signed under ended ${day(certificateEnds)}: no instance starts it`,
    );
  }
  if (left > CERTIFICATE_DAYS * DAY_MS) return;
  console.say(
    `The certificate of the image ends ${day(certificateEnds)}: from then on no instance starts it (docs/releases.md).`,
  );
}

/** Release and account are looked at side by side, and everything that is wrong is told at once. */
async function checkAll(run: Run, base: string): Promise<OpenedRelease> {
  const { folder, key } = run.config.release;
  if (key === undefined) {
    throw new DeployError(
      'config_invalid',
      'release.key is missing: the public key that releases are signed with',
    );
  }
  const [opened, problems] = await Promise.all([
    openRelease(resolve(base, folder), key).catch((error: unknown) => {
      if (error instanceof DeployError) return error;
      throw error;
    }),
    preflight(run),
  ]);
  const all: Problem[] = [...problems];
  if (!(opened instanceof DeployError)) {
    if (all.length === 0) return opened;
    throw refused(all, []);
  }
  throw refused([{ code: opened.code, message: opened.message }, ...all], opened.details);
}

/** One problem is told as itself, several as a list. */
function refused(problems: readonly Problem[], details: readonly string[]): DeployError {
  const [first] = problems;
  if (first !== undefined && problems.length === 1)
    return new DeployError(first.code, first.message, details);
  const lines = problems.flatMap(({ code, message }, index) => [
    `${code}: ${message}`,
    ...(index === 0 ? details.map((line) => `  ${line}`) : []),
    `  ${ADVICE[code]}`,
  ]);
  return new DeployError('preflight_failed', `${problems.length} things stand in the way:`, lines);
}

async function readSigningKey(path: string, env: World['env']): Promise<KeyObject> {
  try {
    const passphrase = env.ENCLAVE_VAULT_SIGNING_PASSPHRASE;
    return createPrivateKey({ key: await readFile(path), ...(passphrase && { passphrase }) });
  } catch {
    throw new DeployError('key_unreadable', `${path} is no private key that can be opened`);
  }
}

function farewell(known: Known, folder: string, { sign }: DeployOptions): string[] {
  const files = ['api', 'parent', 'deployment'].map((role) => `--config ${join(folder, `${role}.json`)}`);
  const manifest = join(folder, 'measurements.json');
  return [
    '',
    `The API: ${known.of(API)?.Url ?? ''}`,
    `Role files: ${folder}`,
    `Check it:   npx enclave-vault doctor ${files.join(' ')}${sign === undefined ? '' : ` --manifest ${manifest} --manifest-key PUBLIC.pem`}`,
    'Alarms:     each subscriber confirms once, by the link that was sent.',
  ];
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
