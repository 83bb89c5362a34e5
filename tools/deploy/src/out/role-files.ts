// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { signManifest } from '@enclave-vault/eif';
import { FUNCTION_FILES, NETWORK, PARENT_SETTINGS, parentFiles, SETTINGS_FILE } from '@enclave-vault/infra';
import { apiFiles } from '../plan/api-files.ts';
import type { DeployRun, Known } from '../plan/run.ts';

/** Where the API's files lie in its function. */
const FUNCTION_FOLDER = SETTINGS_FILE.slice(0, -FUNCTION_FILES.settings.length - 1);

/**
 * The files that `enclave-vault doctor` reads: what API and parent were told, with paths of this folder in place of theirs, and
 * what the key policies were made for.
 * @param folder where they will lie
 * @param sign signs the manifest of what the keys admit; without it there is none
 */
export function roleFiles(
  run: DeployRun,
  known: Known,
  folder: string,
  sign: KeyObject | undefined,
): Readonly<Record<string, string | Uint8Array>> {
  const { config, names, clock } = run;
  const { settings, rollout } = known;
  const network = known.of(NETWORK);
  if (settings === undefined || rollout === undefined || network === undefined) return {};
  const { [FUNCTION_FILES.settings]: api = '', ...besideApi } = apiFiles(run, known, settings);
  const { 'parent.json': parent } = parentFiles(config, settings.keys);
  const { partition, account, region, name, replicaRegions, deployers } = config;
  const deployment = {
    partition,
    account,
    region,
    name,
    network: { vpcId: network.VpcId, vpceId: network.KmsEndpointId },
    roles: names.roles,
    replicaRegions,
    deployers,
  };
  return {
    'api.json': moved(api, FUNCTION_FOLDER, folder),
    'parent.json': moved(parent, PARENT_SETTINGS, folder),
    'deployment.json': `${JSON.stringify(deployment, null, 2)}\n`,
    'enclave.configuration': settings.configuration,
    ...besideApi,
    ...(sign === undefined ? {} : { 'measurements.json': manifest(run, rollout, sign, clock.now()) }),
  };
}

/** Paths below one folder become paths below another, wherever the JSON names them. */
function moved(json: string, from: string, to: string): string {
  const text = JSON.stringify(
    JSON.parse(json),
    (_, value: unknown) =>
      typeof value === 'string' && value.startsWith(`${from}/`) ? join(to, value.slice(from.length)) : value,
    2,
  );
  return `${text}\n`;
}

function manifest(
  { release }: DeployRun,
  { wanted }: NonNullable<Known['rollout']>,
  key: KeyObject,
  now: number,
): Buffer {
  const [pcr3 = ''] = wanted.pcr3;
  const [pcr16 = ''] = wanted.pcr16;
  return signManifest(
    { issued: Math.floor(now / 1000) * 1000, images: [{ ...release.release.image, pcr3, pcr16 }] },
    key,
  );
}
