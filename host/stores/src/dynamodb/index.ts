// SPDX-License-Identifier: Apache-2.0

/** A vault's items in DynamoDB. */
export type { AwsCredentials, AwsPlace } from '../aws/settings.ts';
export type { DynamoPlace } from './client.ts';
export { type CreatedTable, type CreateTableOptions, createTable } from './create-table.ts';
export { DynamoStore } from './dynamo-store.ts';
