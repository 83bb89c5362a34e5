// SPDX-License-Identifier: Apache-2.0

/**
 * Where a vault keeps its items, and where its audit heads go. What needs the AWS SDK has exports of its own
 * (`./dynamodb`, `./log-group`): a vault on one machine starts without loading it. A function on AWS imports those and
 * not this one, which needs node:sqlite.
 */
export * from './sink/index.ts';
export { type BackupOptions, backupDatabase } from './sqlite/backup.ts';
export { SqliteStore } from './sqlite/sqlite-store.ts';
