// SPDX-License-Identifier: Apache-2.0
import { createChannelRoot } from '@enclave-vault/channel';
import { enclaveInputs, KEYS, parentFiles } from '@enclave-vault/infra';
import { parentSettingsArchive } from '@enclave-vault/parent/build/settings-archive';
import { enclaveConfiguration } from '@enclave-vault/parent/enclave-configuration';
import type { KeyArns } from '@enclave-vault/policies';
import { DeployError } from '../errors.ts';
import type { Known, Run } from './run.ts';

/** What follows from the deployed keys: settings of both sides of the channel, and what the enclave is told. */
export interface DeploymentSettings {
  readonly keys: KeyArns;
  /** PEM. */
  readonly serverRoot: string;
  readonly clientRoot: string;
  /** The bytes that PCR16 measures. */
  readonly configuration: Buffer;
  /** For instances: parent.json, the configuration, the roots. */
  readonly parentArchive: Buffer;
}

/** The keys that a deployment has. @throws {DeployError} `service_failed` before they are deployed */
export function keyArns({ config }: Run, known: Known): KeyArns {
  const keys = known.of(KEYS);
  if (keys === undefined) throw new DeployError('service_failed', 'the keys are not deployed');
  return {
    vault: keys.VaultKeyArn,
    request: keys.RequestKeyArn,
    integrity: keys.IntegrityKeyArn,
    channelServer: keys.ChannelServerKeyArn,
    channelClient: keys.ChannelClientKeyArn,
    ...(config.legacyKeys.length > 0 ? { legacy: config.legacyKeys } : {}),
  };
}

/**
 * Made of configuration and keys alone: the same ones give the same bytes, in every run.
 * @throws {DeployError}
 */
export async function settingsOf(run: Run, known: Known): Promise<DeploymentSettings> {
  const keys = keyArns(run, known);
  const root = async (side: 'server' | 'client', arn = ''): Promise<string> =>
    createChannelRoot({ side, publicKey: await run.cloud.keys.publicKey(arn) });
  const serverRoot = await root('server', keys.channelServer);
  const clientRoot = await root('client', keys.channelClient);
  const configuration = enclaveConfiguration(enclaveInputs(run.config, keys));
  const parentArchive = parentSettingsArchive({
    ...parentFiles(run.config, keys),
    'enclave.configuration': configuration,
    'channel-server-root.pem': serverRoot,
    'channel-client-root.pem': clientRoot,
  });
  return { keys, serverRoot, clientRoot, configuration, parentArchive };
}
