// SPDX-License-Identifier: Apache-2.0
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { readAuditSink } from '@enclave-vault/stores';
import type { AuditHead } from '@enclave-vault/vault';
import { AdminError, UsageError } from '../errors.ts';

const LOG_GROUP = 'log-group:';

/**
 * Opens what `--against` names: a file of heads, or a group of CloudWatch Logs in the Region that AWS_REGION says, with the
 * credentials that the AWS SDK finds.
 * @returns what reads it, from its beginning each time
 * @param base folder that a relative path is of
 * @throws {UsageError} @throws {AdminError} data_unreadable
 */
export async function headsOf(
  against: string,
  base: string,
  { AWS_REGION, AWS_DEFAULT_REGION }: NodeJS.ProcessEnv,
): Promise<() => AsyncIterable<AuditHead>> {
  if (!against.startsWith(LOG_GROUP)) {
    const path = resolve(base, against);
    if (!existsSync(path)) throw new AdminError('data_unreadable', `${path} cannot be read`);
    // Read more than once: of a pipe the second time would bring nothing, and nothing would be missed.
    if (!statSync(path).isFile())
      throw new AdminError('data_unreadable', `${path} is no file: it is read more than once`);
    return () => readAuditSink(path);
  }
  const logGroup = against.slice(LOG_GROUP.length);
  const region = AWS_REGION ?? AWS_DEFAULT_REGION ?? '';
  if (logGroup === '' || region === '') {
    throw new UsageError('--against log-group:NAME takes a name, and AWS_REGION says where it is');
  }
  // Here, so that no other command loads the SDK's client.
  const { readLogGroup } = await import('@enclave-vault/stores/log-group');
  return () => readLogGroup({ logGroup, region });
}
