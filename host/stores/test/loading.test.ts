// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

/** Prints what an import of one export of this package loads. */
const PROGRAM = `
  import { registerHooks } from 'node:module';
  const loaded = [];
  registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
  await import(process.argv[1]);
  console.log(JSON.stringify(loaded));
`;

function loadedBy(name: string): string {
  return execFileSync(process.execPath, ['--input-type=module', '-e', PROGRAM, name], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  });
}

it.each([
  ['@enclave-vault/stores', ['sqlite'], ['@aws-sdk', '@smithy']],
  ['@enclave-vault/stores/sqlite', ['sqlite'], ['@aws-sdk', '@smithy']],
  ['@enclave-vault/stores/file-sink', ['file-sink'], ['@aws-sdk', '@smithy', 'node:sqlite']],
  ['@enclave-vault/stores/dynamodb', ['client-dynamodb'], ['node:sqlite', 'client-cloudwatch-logs']],
  ['@enclave-vault/stores/log-group', ['client-cloudwatch-logs'], ['node:sqlite', 'client-dynamodb']],
])('%s loads its own and not the others’', (name, own, others) => {
  const loaded = loadedBy(name);
  for (const part of own) expect(loaded).toContain(part);
  for (const part of others) expect(loaded).not.toContain(part);
});
