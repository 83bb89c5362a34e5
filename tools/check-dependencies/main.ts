// SPDX-License-Identifier: Apache-2.0
/** `npm run check:dependencies`: every dependency explained, exact, and under a permissive licence. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LockedPackage, problems } from './check.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const files = [
  'package.json',
  ...globSync('*/{,*/}package.json', { cwd: root, exclude: (p) => p.includes('node_modules') }),
];
const manifests = files.map((file) => {
  const manifest = JSON.parse(read(file)) as Record<string, Record<string, string> | undefined>;
  const { dependencies = {}, devDependencies = {}, optionalDependencies = {} } = manifest;
  return { name: file, groups: [dependencies, devDependencies, optionalDependencies] };
});
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> };
const found = problems(manifests, packages, read('docs/dependencies.md'));
for (const line of found) console.error(line);
console.log(`dependencies: ${Object.keys(packages).length} in the lockfile, ${found.length} problems`);
process.exitCode = found.length > 0 ? 1 : 0;
