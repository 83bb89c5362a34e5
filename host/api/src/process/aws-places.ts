// SPDX-License-Identifier: Apache-2.0
import { credentialsOf } from './assemble.ts';
import type { ApiConfig } from './config.ts';
import { given } from './given.ts';

/** Where the configured DynamoDB table is, and who asks. */
export function tablePlace(config: ApiConfig) {
  const { table, endpoint } = config.store;
  return { table: given(table, 'store.table'), ...placeOf(config, endpoint) };
}

/** The same of the log group; each process makes a stream of its own in it. */
export function logGroupPlace(config: ApiConfig) {
  const { name, endpoint } = config.audit;
  return { logGroup: given(name, 'audit.name'), ...placeOf(config, endpoint) };
}

function placeOf(config: ApiConfig, endpoint: string | undefined) {
  const { region, kms } = config;
  const elsewhere =
    endpoint === undefined ? {} : { endpoint, ...(kms.ca === undefined ? {} : { ca: kms.ca }) };
  return { region, ...elsewhere, ...credentialsOf(config) };
}
