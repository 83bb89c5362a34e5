// SPDX-License-Identifier: Apache-2.0
export type { RecordIdentity } from './context.ts';
export { type Encoding, encodingOf, parseSealed, type SealedValue } from './encodings.ts';
export { RecordsError, type RecordsErrorCode } from './errors.ts';
export { MAX_FIELDS, MAX_VALUE_BYTES } from './limits.ts';
export { type MacInput, recordMac, verifyRecordMac } from './mac.ts';
export { isFieldName, isTenant, isUlidVaultId, isVaultId } from './names.ts';
