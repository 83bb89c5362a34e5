// SPDX-License-Identifier: Apache-2.0

/** What the vault needs of the world. Adapters: host/stores, host/kms, host/api. */
export type { AuditHead, AuditSink } from './ports/audit.ts';
export { type Clock, systemClock } from './ports/clock.ts';
export { type EnclaveClient, EnclaveClientError, type EnclaveClientErrorCode } from './ports/enclave.ts';
export { itemSize } from './ports/item-size.ts';
export {
  type DataKey,
  INTEGRITY_PURPOSES,
  type IntegrityPurpose,
  KmsError,
  type KmsErrorCode,
  type RecordKeyContext,
  type RecordKeyPair,
  type VaultKms,
} from './ports/kms.ts';
export type { Report, Reporter } from './ports/report.ts';
export {
  type Attribute,
  type Condition,
  type GetOptions,
  type Item,
  type ItemKey,
  MAX_ITEM_BYTES,
  MAX_OPERATIONS,
  MAX_TRANSACTION_BYTES,
  type Operation,
  type QueryOptions,
  type ScanOptions,
  type ScanPage,
  type Store,
  StoreConflict,
  StoreError,
  type StoreErrorCode,
  type TransactOptions,
} from './ports/store.ts';
