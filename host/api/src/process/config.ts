// SPDX-License-Identifier: Apache-2.0
import { readRole, type Source } from '@enclave-vault/settings';
import { parseGatewayPolicy } from '../gateway/parse-policy.ts';
import type { GatewayPolicy } from '../gateway/policy.ts';
import { API, type ApiSettings } from './settings.ts';

/** Configuration of the API process and function. */
export interface ApiConfig extends Omit<ApiSettings, 'authorizers'> {
  /** Rights of callers whom the gateway authorizes; null: what it says of callers counts for nothing. */
  readonly authorizers: GatewayPolicy | null;
}

/**
 * Reads the configuration.
 * @throws {SettingsError} {ConfigError} both `config_invalid`, with names of settings and never a value
 */
export function readApiConfig(source: Source): ApiConfig {
  const { authorizers, ...settings } = readRole(API, source);
  const { fields, purposes } = settings.schema;
  const names = { fields: new Set(fields.keys()), purposes: new Set(purposes) };
  return {
    ...settings,
    allowedHosts: settings.allowedHosts.map((name) => name.toLowerCase()),
    authorizers: authorizers === null ? null : parseGatewayPolicy(authorizers, names),
  };
}
