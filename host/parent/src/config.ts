// SPDX-License-Identifier: Apache-2.0
import {
  type EnclaveConfiguration,
  encodeParentRequest,
  type ParentCredentials,
  parseConfiguration,
} from '@enclave-vault/protocol';
import type { Place } from '@enclave-vault/settings';
import { readRole, SettingsError, type Source } from '@enclave-vault/settings';
import type { RelayTarget } from './relay/carry.ts';
import { enclaveConfiguration } from './settings/enclave-configuration.ts';
import { PARENT, type ParentSettings } from './settings/role.ts';

/** What the parent is told, read and checked: its settings with what follows from them. */
export interface ParentConfig {
  settings: ParentSettings;
  /** For its user alone, or for the network over mutually authenticated TLS. */
  listen: Place;
  /** The enclave's configuration: canonical bytes, passed on as they are. */
  configuration: Buffer;
  /** What its bytes say. */
  enclave: EnclaveConfiguration;
  /** The only place that enclaves reach. */
  kms: RelayTarget;
  /** Fixed ones; null when they come from the metadata service. */
  credentials: ParentCredentials | null;
}

/** Reads the process's configuration. @throws SettingsError `config_invalid`: names of settings, never values */
export function readParentConfig(source: Source): ParentConfig {
  const settings = readRole(PARENT, source);
  return {
    settings,
    listen: settings.listen,
    ...readEnclave(settings),
    credentials: readCredentials(settings),
  };
}

/** A configuration that no enclave takes is found at start, and not as an enclave that refuses it again and again. */
function readEnclave({
  enclave: given,
  kms,
}: ParentSettings): Pick<ParentConfig, 'configuration' | 'enclave' | 'kms'> {
  try {
    const configuration = enclaveConfiguration(given);
    const enclave = parseConfiguration(configuration);
    const { kmsHost, kmsPort } = enclave;
    return { configuration, enclave, kms: { host: kms.host ?? kmsHost, port: kms.port ?? kmsPort } };
  } catch (error) {
    // Our own message: it names the member and quotes nothing.
    const why = error instanceof Error && 'code' in error ? error.message : 'is refused';
    throw new SettingsError([{ setting: 'enclave.configuration', message: `is not one: ${why}` }]);
  }
}

function readCredentials({ credentials }: ParentSettings): ParentCredentials | null {
  const { kind, accessKeyId = '', secretAccessKey = '', sessionToken = null } = credentials;
  if (kind === 'imds') return null;
  const fixed = { accessKeyId, secretAccessKey, sessionToken, expiration: null };
  try {
    encodeParentRequest({ credentials: fixed, envelope: Uint8Array.of(0) });
  } catch {
    const message = 'are not in the shape of AWS credentials';
    throw new SettingsError([{ setting: 'credentials', message }]);
  }
  return fixed;
}
