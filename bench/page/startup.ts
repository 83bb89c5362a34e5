// SPDX-License-Identifier: Apache-2.0

import type { Run } from '../support/run.ts';
import { type StartupResult, startupTables } from '../system/sizes.ts';
import { underLoad } from './caution.ts';
import { circumstances } from './circumstances.ts';
import { imageFigures, onNitro } from './enclave-image.ts';

const memoryOf = (lambda: StartupResult['lambda']): string =>
  lambda.some(({ peak = [] }) => peak.length > 0)
    ? 'A Lambda function’s memory is the most that it had until its second decryption was answered.'
    : 'The memory of the Lambda function was not measured.';

/** Start-up, memory at rest, sizes. */
export function section(run: Run): string {
  const { machine, runs, lambda } = run as StartupResult;
  return `
## Start-up and size
${underLoad(machine)}
The local vault starts six processes; its enclave is measured and boots beside the rest. The Lambda function is loaded as Lambda does it, against a local KMS and stand-ins for DynamoDB and CloudWatch Logs: what AWS adds, a machine and the way to it, is not in it. *SDK in the file*: the AWS SDK is bundled into the function's script. *SDK of the runtime*: it is not, and is loaded from packages as npm installs them; Lambda's own copy was not measured.

${startupTables(run as StartupResult)}

PSS shares out what processes have in common, such as the node binary; an enclave shares nothing, as on AWS. ${memoryOf(lambda)} KiB are of the program's script alone; on AWS an enclave runs the one for Nitro.

What each route costs in calls of KMS, store and enclave, in bytes written and in cryptographic operations, and how large each bundle is, is held by budgets that \`npm test\` compares without timing anything (\`npm run budget\`, tests/budget).

${onNitro(imageFigures())}

\`npx node bench/startup.ts\`, ${runs} runs, of Lambda ${lambda[0]?.loaded.length ?? 0}, ${circumstances(run)}
`;
}
