// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * A copy of the repository's sources as they lie there, to be mutated in place: packages find each other by links in
 * node_modules, which in Stryker's own sandbox lead back to sources without a mutant. Dependencies are links to the
 * installed ones.
 *
 * @param name of the run: two at once do not share a copy
 * @returns the copy's folder
 */
export function copyTree(root: string, stryker: string, name: string): string {
  const tree = join(root, '.cache/mutation/trees', name);
  rmSync(tree, { recursive: true, force: true });
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 ** 2,
  });
  for (const file of files.split('\0')) {
    const from = join(root, file);
    if (file === '' || !existsSync(from) || !statSync(from).isFile()) continue;
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    copyFileSync(from, join(tree, file));
  }
  linkModules(join(root, 'node_modules'), join(tree, 'node_modules'));
  symlinkSync(join(stryker, 'node_modules/@stryker-mutator'), join(tree, 'node_modules/@stryker-mutator'));
  return tree;
}

/** Links to all that is installed; our own packages' links are relative, and so lead into the copy. */
function linkModules(from: string, to: string): void {
  const ours = '@enclave-vault';
  mkdirSync(join(to, ours), { recursive: true });
  for (const name of readdirSync(from)) {
    if (name !== ours) symlinkSync(join(from, name), join(to, name));
  }
  for (const name of readdirSync(join(from, ours))) {
    symlinkSync(readlinkSync(join(from, ours, name)), join(to, ours, name));
  }
}
