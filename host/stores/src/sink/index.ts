// SPDX-License-Identifier: Apache-2.0

/** Audit heads in a file. */
export { SinkError, type SinkErrorCode } from '../errors.ts';
export { FileAuditSink } from './file-sink.ts';
export { readAuditSink } from './read-sink.ts';
