// SPDX-License-Identifier: Apache-2.0
import { MANIFEST_FILE } from '@enclave-vault/infra';
import { unzipSync } from 'fflate';
import { COMPARED, driftReadings, type Manifest, parseManifest } from '../../../../canary/src/index.ts';
import type { Rehearsal } from './rehearsal.ts';

/** What the canary would have read of every policy after a change of a stack, while it was there. */
export interface Watched {
  readonly after: string;
  /** `vault.policy PolicyDrift changed DenyWithoutPCR0`, and what else is not as deployed. */
  readonly complaints: readonly string[];
  /** How many states of the vault key's policy it would have taken. */
  readonly states: number;
}

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/**
 * Every state that the account was in, as the canary saw it that was deployed then: its manifest out of the signed zip that its
 * template names, against the policies that stood in the templates of keys and table.
 */
export function watched({ cloud, config }: Rehearsal): readonly Watched[] {
  let keys: Readonly<Record<string, Resource>> = {};
  let table: unknown;
  let manifest: Manifest | undefined;
  const seen: Watched[] = [];
  for (const { stack, region, template } of cloud.observations) {
    if (region !== config.region) continue;
    const { Resources } = JSON.parse(template) as { Resources: Readonly<Record<string, Resource>> };
    if (stack === `${config.name}-keys`) keys = Resources;
    if (stack === `${config.name}-data`) table = tablePolicyOf(Resources, region);
    if (stack === `${config.name}-canary`) manifest = manifestOf(cloud, Resources);
    if (manifest === undefined) continue;
    const live = {
      vault: keys.VaultKey?.Properties?.KeyPolicy,
      request: keys.RequestKey?.Properties?.KeyPolicy,
      integrity: keys.IntegrityKey?.Properties?.KeyPolicy,
      table,
    };
    const expected = manifest;
    // Tests that look at an end alone have forgotten what stood there before.
    const readings = COMPARED.filter((of) => live[of] !== undefined).flatMap((of) =>
      driftReadings(`${of}.policy`, expected[of], live[of]),
    );
    seen.push({
      after: stack,
      states: expected.vault.length,
      complaints: readings
        .filter(({ outcome }) => outcome !== 'AsDeployed')
        .map(({ probe, outcome, reason }) => `${probe} ${outcome} ${reason}`),
    });
  }
  return seen;
}

function tablePolicyOf(resources: Readonly<Record<string, Resource>>, region: string): unknown {
  const replicas = resources.Records?.Properties?.Replicas as readonly {
    readonly Region: string;
    readonly ResourcePolicy?: { readonly PolicyDocument: unknown };
  }[];
  return replicas.find(({ Region }) => Region === region)?.ResourcePolicy?.PolicyDocument;
}

function manifestOf(
  { objects }: Rehearsal['cloud'],
  resources: Readonly<Record<string, Resource>>,
): Manifest {
  const { S3Key, S3ObjectVersion } = (resources.InsideFunction?.Properties?.Code ?? {}) as {
    readonly S3Key: string;
    readonly S3ObjectVersion: string;
  };
  const signed = objects.versions.get(S3Key)?.find(({ version }) => version === S3ObjectVersion)?.bytes;
  if (signed === undefined) throw new Error(`${S3Key} is not there`);
  // A signing job of the tests puts a word before the zip.
  const zip = signed.subarray(Buffer.byteLength('signed '));
  const file = unzipSync(zip)[MANIFEST_FILE];
  if (file === undefined) throw new Error('the canary has no manifest');
  return parseManifest(Buffer.from(file).toString('utf8'));
}
