// SPDX-License-Identifier: Apache-2.0
/** `npm run check:dependencies`: every dependency explained, exact, under a permissive licence, and pinned by a digest. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { problems } from './check.ts';
import { EXPLAINED, OTHER_LOCKFILES } from './explained.ts';
import { type Lockfile, lockfileProblems, strayLockfiles } from './lockfile.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const json = (path: string) => JSON.parse(read(path)) as unknown;
const files = [
  'package.json',
  ...globSync('*/{,*/}package.json', { cwd: root, exclude: (p) => p.includes('node_modules') }),
];
const manifests = new Map(
  files.map((file) => [file === 'package.json' ? '' : dirname(file), json(file) as Record<string, unknown>]),
);
const groups = [...manifests]
  .filter(([folder]) => OTHER_LOCKFILES[folder] === undefined)
  .map(([folder, manifest]) => ({
    name: join(folder, 'package.json'),
    groups: [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies].map(
      (group) => (group ?? {}) as Record<string, string>,
    ),
  }));
const lock = json('package-lock.json') as Lockfile;
const own = new Map([...manifests].filter(([folder]) => OTHER_LOCKFILES[folder] === undefined));
const found = [
  ...problems(groups, lock.packages as Parameters<typeof problems>[1], read('docs/dependencies.md')),
  ...lockfileProblems(lock, own, EXPLAINED),
  ...strayLockfiles(
    globSync('{,**/}*{lock,shrinkwrap}*', {
      cwd: root,
      exclude: (path) => /(?:^|\/)(?:node_modules|\.cache|\.git)(?:\/|$)/.test(path),
    }),
    ['', ...Object.keys(OTHER_LOCKFILES)],
  ),
];
let count = Object.keys(lock.packages).length;
for (const [folder, explained] of Object.entries(OTHER_LOCKFILES)) {
  const other = json(`${folder}/package-lock.json`) as Lockfile;
  const manifest = manifests.get(folder) ?? (json(`${folder}/package.json`) as Record<string, unknown>);
  const lines = lockfileProblems(other, new Map([['', manifest]]), explained);
  found.push(...lines.map((line) => `${folder}: ${line}`));
  count += Object.keys(other.packages).length;
}
for (const line of found) console.error(line);
console.log(`dependencies: ${count} in the lockfiles, ${found.length} problems`);
process.exitCode = found.length > 0 ? 1 : 0;
