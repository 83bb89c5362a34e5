// SPDX-License-Identifier: Apache-2.0
import { pemOrFile, type Setting, text } from '@enclave-vault/settings';

/** What is deployed, and by whose word. */
export const RELEASE_SETTINGS = [
  {
    path: 'release.folder',
    env: 'ENCLAVE_VAULT_DEPLOY_RELEASE_FOLDER',
    doc: 'Folder of the release: `release.json` beside its files. Relative to the folder of deploy.json.',
    read: text('the path of a folder'),
    default: 'release',
  },
  {
    path: 'release.key',
    env: 'ENCLAVE_VAULT_DEPLOY_RELEASE_KEY',
    doc: 'Public key that releases are signed with, on P-384. Nothing is deployed without it, and `npm run destroy` does not ask for it.',
    read: pemOrFile(),
    optional: true,
  },
] as const satisfies readonly Setting[];
