// SPDX-License-Identifier: Apache-2.0
import { integer, type Setting } from '@enclave-vault/settings';

export const ARTIFACT_SETTINGS = [
  {
    path: 'artifacts.lockDays',
    env: 'ENCLAVE_VAULT_DEPLOY_ARTIFACTS_LOCK_DAYS',
    doc: 'How long nobody deletes a version of an artifact (S3 Object Lock, governance mode); 0: no lock. `npm run destroy` lifts it.',
    read: integer(0, 3650, 'days'),
    default: 0,
  },
] as const satisfies readonly Setting[];
