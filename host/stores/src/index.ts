// SPDX-License-Identifier: Apache-2.0

/** Where a vault keeps its items, and where its audit heads go. */
export { SinkError, type SinkErrorCode } from './errors.ts';
export { FileAuditSink } from './sink/file-sink.ts';
export { readAuditSink } from './sink/read-sink.ts';
export { SqliteStore } from './sqlite/sqlite-store.ts';
