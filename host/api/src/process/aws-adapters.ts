// SPDX-License-Identifier: Apache-2.0
import type { Store } from '@enclave-vault/vault';
import { type ClosableSink, credentialsOf } from './assemble.ts';
import type { ApiConfig } from './config.ts';
import { given } from './given.ts';

/** The store in DynamoDB. */
export async function dynamoStore(config: ApiConfig): Promise<Store> {
  const { table, endpoint } = config.store;
  const { DynamoStore } = await import('@enclave-vault/stores/dynamodb');
  return await DynamoStore.open({ table: given(table, 'store.table'), ...placeOf(config, endpoint) });
}

/** The sink in CloudWatch Logs, a stream of its own for each process. */
export async function logGroupSink(config: ApiConfig): Promise<ClosableSink> {
  const { name, endpoint } = config.audit;
  const { LogGroupSink } = await import('@enclave-vault/stores/log-group');
  return await LogGroupSink.open({ logGroup: given(name, 'audit.name'), ...placeOf(config, endpoint) });
}

function placeOf(config: ApiConfig, endpoint: string | undefined) {
  const { region, kms } = config;
  const elsewhere =
    endpoint === undefined ? {} : { endpoint, ...(kms.ca === undefined ? {} : { ca: kms.ca }) };
  return { region, ...elsewhere, ...credentialsOf(config) };
}
