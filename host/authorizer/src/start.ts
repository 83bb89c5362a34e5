// SPDX-License-Identifier: Apache-2.0
import { CONFIG_VARIABLE, readConfigFile, readRole, SettingsError } from '@enclave-vault/settings';
import { type AuthorizerHandler, createHandler, createRefusingHandler, type WriteLine } from './handler.ts';
import { issuerKeys } from './keys.ts';
import { AUTHORIZER } from './settings.ts';

/**
 * Starts the function. Its settings are those of the file that was signed with its code: of the environment only the
 * file's path is read.
 */
export function startAuthorizer(
  env: Readonly<Record<string, string | undefined>>,
  write: WriteLine,
): AuthorizerHandler {
  try {
    const path = env[CONFIG_VARIABLE] ?? '';
    const settings = readRole(AUTHORIZER, { file: readConfigFile(path), env: {} });
    const keys = issuerKeys(settings.jwksUri ?? wellKnown(settings.issuer));
    return createHandler(settings, keys, write);
  } catch (error) {
    write({
      timestamp: new Date().toISOString(),
      level: 'ERROR',
      process: 'enclave-vault-authorizer',
      event: 'not_started',
      problems: error instanceof SettingsError ? error.problems : [],
    });
    return createRefusingHandler(write);
  }
}

/** Where most issuers have their keys: below their own path (OpenID Connect Discovery names it, and is not asked). */
function wellKnown(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/.well-known/jwks.json`;
}
