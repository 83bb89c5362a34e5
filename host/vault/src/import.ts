// SPDX-License-Identifier: Apache-2.0

/** Import from the AWS sample: an export of its own, so that the API's program cannot reach it. */
export type { FieldChoices, ForeignRecord } from './import/foreign-record.ts';
export { Importer, type ImporterOptions, type ImportOutcome } from './import/importer.ts';
export { IMPORT_REFUSALS, type ImportRefusal, type ImportRefusalCode } from './import/refusals.ts';
