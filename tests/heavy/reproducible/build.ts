// SPDX-License-Identifier: Apache-2.0
/** `node build.ts ROOT OUT`: everything that is bundled, by the builds of the checkout ROOT, and `SHA256SUMS` of it. */
import { createHash } from 'node:crypto';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const [root = '.', out = 'out'] = process.argv.slice(2).map((path) => resolve(path));
/** By path: this is the checkout that is tried, and not the one that the suite runs in. */
const load = async (path: string): Promise<Record<string, (...args: string[]) => Promise<unknown>>> =>
  import(join(root, path));
const call = async (path: string, name: string, ...args: string[]): Promise<unknown> => {
  const build = (await load(path))[name];
  if (build === undefined) throw new Error(`${path} has no ${name}`);
  return build(...args);
};

await call('trusted/enclave/build.ts', 'buildEnclave', join(out, 'enclave'));
await call('trusted/enclave/build.ts', 'buildNitroEnclave', join(out, 'enclave-nitro'));
await call('host/parent/build.ts', 'buildParent', join(out, 'parent'));
await call('host/api/build-lambda.ts', 'buildLambda', join(out, 'api'));
await call('host/authorizer/build.ts', 'buildAuthorizer', join(out, 'authorizer'));
await call('host/smoke/build.ts', 'buildSmoke', join(out, 'smoke'));
for (const name of ['canary-inside', 'canary-outside'])
  await call('canary/build.ts', 'buildCanary', name, join(out, name));

const files = globSync('**/*', { cwd: out, withFileTypes: true }).filter((entry) => entry.isFile());
const lines = files
  .map((entry) => join(entry.parentPath, entry.name))
  .map(
    (path) => `${createHash('sha256').update(readFileSync(path)).digest('hex')}  ${relative(out, path)}\n`,
  );
writeFileSync(join(out, 'SHA256SUMS'), lines.sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1)).join(''));
