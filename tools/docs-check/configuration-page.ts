// SPDX-License-Identifier: Apache-2.0

import { DEPLOYMENT } from '@enclave-vault/admin/doctor';
import { API } from '@enclave-vault/api/settings';
import { AUTHORIZER } from '@enclave-vault/authorizer/settings';
import { LOCAL_CANARY } from '@enclave-vault/canary/local/settings';
import { CANARY } from '@enclave-vault/canary/settings';
import { DEPLOY } from '@enclave-vault/infra';
import { PARENT } from '@enclave-vault/parent/settings';
import { describeRole, type Role } from '@enclave-vault/settings';

/** Every role that is configured, in the order of the page. */
export const ROLES: readonly Role[] = [API, AUTHORIZER, PARENT, CANARY, LOCAL_CANARY, DEPLOYMENT, DEPLOY].map(
  // Rules are written for the values of their own role, which a list of roles does not know.
  (role) => role as unknown as Role,
);

/** The text of docs/configuration.md, from the tables that the programs read. */
export function configurationPage(): string {
  return `<!-- written by npm run docs -->
# Configuration

Each role has one file, in JSON, and the same settings as environment variables; a variable wins over the file. The local vault needs none of this:
\`npm start\` tells its processes what they must know ([user guide](user-guide.md)).

- \`--config FILE\`, or \`ENCLAVE_VAULT_CONFIG\`, names the file. A process without either reads the first line of its standard input, in JSON, as the file,
  and then nothing of the environment: so does a supervisor pass secrets in neither argument nor environment. A Lambda function needs no file.
- All problems are told at once, by the names of settings and what they must be, and the process ends with exit code 2. No value is ever repeated.
- Members of the file and \`ENCLAVE_VAULT_*\` variables that no setting has are problems: a mistyped name would be a setting left out.
- \`null\` in the file is the same as not given.
- In a variable, a number is in digits, a flag \`true\` or \`false\`, a list has commas between its members or is JSON, everything else that is not text is JSON.
- A secret may be given as the path of a file with it (\`…File\`, \`…_FILE\`): systemd's \`LoadCredential\`, or a mounted secret. A line end at its end is no part of it.

\`enclave-vault doctor\` checks role files, and that they agree with each other and with what is deployed ([doctor](doctor.md)).

${ROLES.map(describeRole).join('\n')}`;
}
