// SPDX-License-Identifier: Apache-2.0

/** What the vault does, without any I/O of its own. */
export { isVaultId } from '@enclave-vault/records';
export type { CreatedKey, KeyPage, KeyView } from './api-keys/api-keys.ts';
export type { KeyRequest } from './api-keys/rights.ts';
export { AUDIT_EVENTS, AUDIT_RESULTS } from './audit/entry.ts';
export { FINDINGS, type Finding, type FindingCode } from './audit/findings.ts';
export { type AuditReport, type VerifyOptions, verifyAudit } from './audit/verify.ts';
export type { VaultDependencies } from './core.ts';
export * from './errors.ts';
export { type IntegrityKeys, openIntegrityKeys } from './keys/integrity-keys.ts';
export {
  type AuditEntryView,
  type AuditPage,
  type AuditPageOptions,
  MAX_AUDIT_LIMIT,
} from './operations/audit-log.ts';
export type { Created, WriteOptions } from './operations/create.ts';
export type { DecryptOptions, PreparedDecrypt } from './operations/decrypt.ts';
export type { DecryptInput, ExpressionInput } from './operations/decrypt-input.ts';
export { type Decrypted, RESULT_ERRORS, type ResultError } from './operations/decrypt-results.ts';
export { etagOf, parseIfMatch } from './operations/if-match.ts';
export type { Presence } from './operations/presence.ts';
export type { UpdateOptions, Written } from './operations/update.ts';
export * from './ports.ts';
export { type Context, isScope, type Principal, SCOPES, type Scope } from './principal.ts';
export type { KeyPoolOptions, RecordKeyFigures } from './record-keys/record-keys.ts';
export { recordIds } from './records/record-ids.ts';
export { defaultSchema } from './schema/default-schema.ts';
export { recordJsonSchema } from './schema/json-schema.ts';
export { DEFAULT_PURPOSE, MAX_EXPRESSION_BYTES, parseSchema } from './schema/parse-schema.ts';
export { MAX_REQUEST_FIELDS, MAX_VALUE_BYTES, type RecordSchema } from './schema/record-schema.ts';
export { Shares, type Waiting } from './util/shares.ts';
export { formatTime, parseTime } from './util/time.ts';
export { Vault } from './vault.ts';
export type { VaultKeys } from './vault-keys.ts';
