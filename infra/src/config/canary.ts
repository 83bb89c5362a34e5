// SPDX-License-Identifier: Apache-2.0
import { flag, integer, type Setting } from '@enclave-vault/settings';
import { logDays } from './log-days.ts';

export const CANARY_SETTINGS = [
  {
    path: 'canary.minutes',
    env: 'ENCLAVE_VAULT_DEPLOY_CANARY_MINUTES',
    doc: 'A canary that is silent for so long, or fails in more than half of them, sets off an alarm. One that finds a way in does at once.',
    read: integer(2, 60, 'minutes'),
    default: 5,
  },
  {
    path: 'canary.legacyKeys',
    env: 'ENCLAVE_VAULT_DEPLOY_CANARY_LEGACY_KEYS',
    doc: 'Whether `legacyKeys` are probed as well. `false` while the AWS sample still uses them: its key policy refuses nobody by a Deny, which is all that a canary takes for a refusal.',
    read: flag(),
    default: true,
  },
  {
    path: 'canary.logDays',
    env: 'ENCLAVE_VAULT_DEPLOY_CANARY_LOG_DAYS',
    doc: 'How long the canaries’ logs are kept.',
    read: logDays(),
    default: 365,
  },
] as const satisfies readonly Setting[];
