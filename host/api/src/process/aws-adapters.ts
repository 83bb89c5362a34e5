// SPDX-License-Identifier: Apache-2.0
import type { Store } from '@enclave-vault/vault';
import { ConfigError } from '../errors.ts';
import { type ClosableSink, credentialsOf } from './assemble.ts';
import type { ApiConfig } from './config.ts';

/** The store in DynamoDB. */
export async function dynamoStore(config: ApiConfig): Promise<Store> {
  const { table, endpoint } = config.store;
  if (table === undefined) throw new ConfigError('store.table is missing');
  const { DynamoStore } = await import('@enclave-vault/stores/dynamodb');
  return await DynamoStore.open({ table, ...placeOf(config, endpoint) });
}

/** The sink in CloudWatch Logs, a stream of its own for each process. */
export async function logGroupSink(config: ApiConfig): Promise<ClosableSink> {
  const { name, endpoint } = config.audit;
  if (name === undefined) throw new ConfigError('audit.name is missing');
  const { LogGroupSink } = await import('@enclave-vault/stores/log-group');
  return await LogGroupSink.open({ logGroup: name, ...placeOf(config, endpoint) });
}

function placeOf(config: ApiConfig, endpoint: string | undefined) {
  const { region, kms } = config;
  const elsewhere =
    endpoint === undefined ? {} : { endpoint, ...(kms.ca === undefined ? {} : { ca: kms.ca }) };
  return { region, ...elsewhere, ...credentialsOf(config) };
}
