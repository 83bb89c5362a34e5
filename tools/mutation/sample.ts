// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type MutatedPackage, sourcesOf } from './packages.ts';

/** Lines of one file that are mutated. */
export interface Window {
  readonly mutated: MutatedPackage;
  readonly file: string;
  readonly first: number;
  readonly last: number;
}

/** Stryker's way to name them. */
export const rangeOf = ({ file, first, last }: Window): string => `${file}:${first}-${last}`;

/** Source files of a package that are mutated, with the number of their lines. */
export function filesOf(root: string, mutated: MutatedPackage): readonly (readonly [string, number])[] {
  const [glob = '', ...left] = sourcesOf(mutated);
  const out = new Set(left.map((file) => file.slice(1)));
  return globSync(glob, { cwd: root })
    .filter((file) => !out.has(file))
    .sort()
    .map((file) => [file, readFileSync(join(root, file), 'utf8').split('\n').length] as const);
}

/**
 * Places to mutate that follow from a seed and the sources alone: the same ones for the same commit, others for the next, and
 * every line gets its turn.
 *
 * @param seed such as a commit's hash
 * @param lines of a window; a file's last one may be shorter
 */
export function sample(
  files: readonly (readonly [MutatedPackage, string, number])[],
  seed: string,
  { windows, lines }: { readonly windows: number; readonly lines: number },
): readonly Window[] {
  const all = files.flatMap(([mutated, file, length]) =>
    Array.from({ length: Math.ceil(length / lines) }, (_, index) => ({
      mutated,
      file,
      first: index * lines + 1,
      last: Math.min((index + 1) * lines, length),
    })),
  );
  const drawn = (window: Window): string =>
    createHash('sha256')
      .update(`${seed} ${rangeOf(window)}`)
      .digest('hex');
  return all
    .map((window) => [drawn(window), window] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, windows)
    .map(([, window]) => window);
}
