// SPDX-License-Identifier: Apache-2.0
import { flag, integer, type Setting } from '@enclave-vault/settings';
import { logDays } from './log-days.ts';

export const DATA_SETTINGS = [
  {
    path: 'data.recoveryDays',
    env: 'ENCLAVE_VAULT_DEPLOY_DATA_RECOVERY_DAYS',
    doc: 'How far back the table can be restored. An erasure is complete only after as long ([dynamodb.md](dynamodb.md)).',
    read: integer(1, 35, 'days'),
    default: 35,
  },
  {
    path: 'data.auditLogDays',
    env: 'ENCLAVE_VAULT_DEPLOY_DATA_AUDIT_LOG_DAYS',
    doc: 'How long the heads of audit chains are kept. Without it they never expire: a head that expired proves nothing.',
    read: logDays(),
    optional: true,
  },
  {
    path: 'data.contributorInsights',
    env: 'ENCLAVE_VAULT_DEPLOY_DATA_CONTRIBUTOR_INSIGHTS',
    doc: 'Show in CloudWatch the keys that are throttled. They contain ids of vaults.',
    read: flag(),
    default: false,
  },
] as const satisfies readonly Setting[];
