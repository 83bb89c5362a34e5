// SPDX-License-Identifier: Apache-2.0

import { CHANNEL_ROOTS_USAGE } from './channel-roots/options.ts';
import { DEV_USAGE } from './dev/options.ts';
import { DOCTOR_USAGE } from './doctor/options.ts';
import { IMPORT_USAGE } from './import/options.ts';
import { MEASURE_USAGE } from './measure/options.ts';

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

export const USAGE = `${DEV_USAGE}\n\n${KEYS_USAGE}\n\n${TENANTS_USAGE}\n\n${AUDIT_USAGE}\n\n${DOCTOR_USAGE}\n\n${IMPORT_USAGE}\n\n${MEASURE_USAGE}\n\n${CHANNEL_ROOTS_USAGE}`;
