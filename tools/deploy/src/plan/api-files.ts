// SPDX-License-Identifier: Apache-2.0
import {
  apiSettings,
  authorizerSettings,
  authorizersFile,
  DATA,
  DECRYPTION,
  FUNCTION_FILES,
} from '@enclave-vault/infra';
import { DeployError } from '../errors.ts';
import type { Known, Run } from './run.ts';
import type { DeploymentSettings } from './settings.ts';

/**
 * What goes into the API's zip beside its code.
 * @throws {DeployError} `service_failed` before table and instances are deployed
 */
export function apiFiles(
  { config }: Run,
  known: Known,
  { keys, serverRoot, clientRoot }: DeploymentSettings,
): Readonly<Record<string, string>> {
  const data = known.of(DATA);
  const decryption = known.of(DECRYPTION);
  if (data === undefined || decryption === undefined || keys.channelClient === undefined) {
    throw new DeployError('service_failed', 'what the API is told is not deployed');
  }
  return {
    [FUNCTION_FILES.settings]: apiSettings(config, {
      vaultKey: keys.vault,
      requestKey: keys.request,
      integrityKey: keys.integrity,
      channelKey: keys.channelClient,
      table: data.TableName,
      auditLogGroup: data.AuditLogGroup,
      balancer: decryption.BalancerName,
    }),
    [FUNCTION_FILES.authorizers]: authorizersFile(config),
    [FUNCTION_FILES.channelServerRoot]: serverRoot,
    [FUNCTION_FILES.channelClientRoot]: clientRoot,
  };
}

/** What goes into the authorizer's zip; nothing where no tokens are asked for, and nobody deploys it. */
export function authorizerFiles({ config }: Run): Readonly<Record<string, string>> {
  const settings = authorizerSettings(config);
  return settings === null ? {} : { [FUNCTION_FILES.settings]: settings };
}
