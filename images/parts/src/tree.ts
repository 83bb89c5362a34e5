// SPDX-License-Identifier: Apache-2.0
import { ImageError } from './errors.ts';

/** A file or folder of the root file system. There are no links, devices or owners: all is root's. */
export interface Entry {
  /** Relative to the root, without a slash at either end. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: 0o755 | 0o644;
  /** Null: a folder. */
  readonly data: Buffer | null;
}

/** Longest path that an archive can name without extensions. Bytes. */
const MAX_PATH = 100;
const SEGMENT = /^[A-Za-z0-9_+-][A-Za-z0-9._+-]*$/;

/**
 * Adds the folders above each file, and puts everything in bytewise order of its path: parents before their children,
 * and the same order on every machine.
 *
 * @throws ImageError `entry_invalid`: a path that is not plain, that stands twice, or below a file
 */
export function tree(entries: readonly Entry[]): readonly Entry[] {
  const byPath = new Map<string, Entry>();
  for (const entry of entries) {
    const segments = entry.path.split('/');
    if (entry.path.length > MAX_PATH || !segments.every((segment) => SEGMENT.test(segment))) {
      throw new ImageError('entry_invalid', `${entry.path} is no plain path`);
    }
    const known = byPath.get(entry.path);
    if (known !== undefined && !(known.data === null && entry.data === null)) {
      throw new ImageError('entry_invalid', `${entry.path} stands twice`);
    }
    for (let depth = 1; depth < segments.length; depth++) {
      const path = segments.slice(0, depth).join('/');
      const parent = byPath.get(path);
      if (parent === undefined) byPath.set(path, { path, mode: 0o755, data: null });
      else if (parent.data !== null) throw new ImageError('entry_invalid', `${path} is a file and a folder`);
    }
    byPath.set(entry.path, entry);
  }
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}
