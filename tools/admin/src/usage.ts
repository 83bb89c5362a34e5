// SPDX-License-Identifier: Apache-2.0

import { BULK_EXPORT_USAGE } from './bulk/export-options.ts';
import { BULK_IMPORT_USAGE } from './bulk/import-options.ts';
import { CANARY_USAGE } from './canary/usage.ts';
import { CHANNEL_ROOTS_USAGE } from './channel-roots/options.ts';
import { DEV_USAGE } from './dev/options.ts';
import { DOCTOR_USAGE } from './doctor/options.ts';
import { IMPORT_USAGE } from './import/options.ts';
import { MEASURE_USAGE } from './measure/options.ts';
import { THREAT_MODEL_USAGE } from './threat-model/options.ts';

const KEYS_USAGE = `enclave-vault keys create --scopes a,b [--fields f,g] [--purposes p] [--derive-only] [--expires RFC3339]
enclave-vault keys list
enclave-vault keys revoke ID
  --data DIR   data folder of the running vault (.vault)     ENCLAVE_VAULT_DATA
  --url URL    where the vault answers, if not as DIR says    ENCLAVE_VAULT_URL
  The caller's key is ENCLAVE_VAULT_KEY, or else DIR/admin.key.`;

const TENANTS_USAGE = `enclave-vault tenants create NAME [--data DIR | --config FILE]
  Makes an administrator's key of a tenant, and prints it once.
  --data DIR     of the vault that runs on this folder (.vault)
  --config FILE  of a deployment, by the API's configuration and with the API role's credentials`;

const AUDIT_USAGE = `enclave-vault audit verify [ID] [--against FILE] [--data DIR | --config FILE] [--json]
  Verifies the audit chains of a vault, running or not, and that its records and API keys are as the chains leave them.
  ID             one chain only: a vault id, key_ID or system_TENANT
  --config FILE  the vault of a deployment, by the API's configuration and with the API role's credentials
  --against FILE heads kept elsewhere (DIR/audit-heads.log, or your copy of it): finds truncation and rollback
  --against log-group:NAME  the same from CloudWatch Logs, in AWS_REGION
  Exit code 0: all is well. 1: findings, named one a line.`;

const BACKUP_USAGE = `enclave-vault backup FOLDER [--data DIR]
  Copies records, logs and audit heads of a local vault, running or not, into FOLDER, as they are at one moment.
  The keys (DIR/kms.json) are not among them: keep those elsewhere. Nothing that is there is overwritten.
  --data DIR   data folder of the vault (.vault)     ENCLAVE_VAULT_DATA`;

const USAGES: Readonly<Record<string, string>> = {
  dev: DEV_USAGE,
  keys: KEYS_USAGE,
  tenants: TENANTS_USAGE,
  audit: AUDIT_USAGE,
  backup: BACKUP_USAGE,
  canary: CANARY_USAGE,
  doctor: DOCTOR_USAGE,
  import: BULK_IMPORT_USAGE,
  export: BULK_EXPORT_USAGE,
  'import-sample': IMPORT_USAGE,
  measure: MEASURE_USAGE,
  'channel-roots': CHANNEL_ROOTS_USAGE,
  'threat-model': THREAT_MODEL_USAGE,
};

/** Of all commands. */
export const USAGE: string = Object.values(USAGES).join('\n\n');

/** Of one command; of all, where it has none of its own. */
export function usageOf(command: string): string {
  return (Object.hasOwn(USAGES, command) ? USAGES[command] : undefined) ?? USAGE;
}
