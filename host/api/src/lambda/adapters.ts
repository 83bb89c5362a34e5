// SPDX-License-Identifier: Apache-2.0
import { ConfigError } from '../errors.ts';
import { type Adapters, openKms } from '../process/assemble.ts';
import { dynamoStore, logGroupSink } from '../process/aws-adapters.ts';
import type { ApiConfig } from '../process/config.ts';
import { parentClient } from '../process/parent-place.ts';

/**
 * What a function has adapters of: nothing that needs a disk. Its file of code holds no others.
 * @throws {ConfigError}
 */
export function functionAdapters(config: ApiConfig): Adapters {
  if (config.store.kind !== 'dynamodb')
    throw new ConfigError('store.kind of a Lambda function must be dynamodb');
  if (config.audit.kind !== 'log_group')
    throw new ConfigError('audit.kind of a Lambda function must be log_group');
  return {
    store: () => dynamoStore(config),
    sink: () => logGroupSink(config),
    kms: () => openKms(config),
    parent: () => parentClient(config),
  };
}
