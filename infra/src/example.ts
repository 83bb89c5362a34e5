// SPDX-License-Identifier: Apache-2.0
import type { Measurements } from '@enclave-vault/policies';
import type { DeployConfig } from './config/deploy.ts';
import { exampleOutputs } from './outputs.ts';
import type { ArtifactLocation, PlacedRelease } from './stage.ts';
import { stagesOf } from './stages.ts';
import type { Known } from './synthesize.ts';

const hex = (digit: string, length: number): string => digit.repeat(length);

/** Measurements that stand for an image's. */
export const EXAMPLE_MEASUREMENTS: Measurements = {
  pcr0: [hex('a', 96)],
  pcr1: [hex('b', 96)],
  pcr2: [hex('c', 96)],
  pcr3: [hex('d', 96)],
  pcr8: [hex('e', 96)],
  pcr16: [hex('f', 96)],
};

/** All that is known once everything is deployed, made up: for templates that are checked, and not deployed. */
export function exampleKnown(config: DeployConfig): Known {
  const outputs = new Map(stagesOf(config).map((stage) => [stage.id, exampleOutputs(stage.outputs, config)]));
  return { config, outputs, measurements: EXAMPLE_MEASUREMENTS, release: exampleRelease(config) };
}

function exampleRelease({ name, account, region }: DeployConfig): PlacedRelease {
  const placed = (key: string, digit: string): ArtifactLocation => ({
    bucket: `${name}-artifacts-${account}-${region}`,
    key,
    version: hex(digit, 32),
    sha256: hex(digit, 64),
  });
  return {
    release: '0.0.0',
    functions: {
      api: placed('signed/api.zip', '1'),
      authorizer: placed('signed/authorizer.zip', '2'),
      smoke: placed('signed/smoke.zip', '3'),
      'canary-inside': placed('signed/canary-inside.zip', '4'),
      'canary-outside': placed('signed/canary-outside.zip', '5'),
    },
    parent: placed('release/parent.tar.gz', '6'),
    image: placed('release/enclave-vault.eif', '7'),
    parentSettings: placed('settings/parent.tar.gz', '8'),
  };
}
