// SPDX-License-Identifier: Apache-2.0
/**
 * What Lambda's runtime does with a function, as far as it counts: loads the file of code named by the first argument,
 * waits for its top level, and hands one event after the other to its handler. Events come as lines on standard input,
 * answers go as lines to the file descriptor 3, after one line when the function is loaded.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const say = (value) => writeSync(3, `${JSON.stringify({ ...value, cpu: cpu() })}\n`);
const { handler } = await import(process.argv[2]);
say({ loaded: performance.now() });
for await (const line of createInterface({ input: process.stdin })) {
  const end = Date.now() + 29_000;
  const context = {
    awsRequestId: '8f507cfc-example-4697-b07a-ac58fc914c95',
    functionName: 'enclave-vault-api',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:eu-central-1:111122223333:function:enclave-vault-api',
    memoryLimitInMB: '1024',
    getRemainingTimeInMillis: () => end - Date.now(),
  };
  try {
    say({ answer: await handler(JSON.parse(line), context), at: performance.now() });
  } catch (error) {
    say({ error: { name: error.name, code: error.code }, at: performance.now() });
  }
}
// Lambda ends a process without asking it.
process.exit(0);
