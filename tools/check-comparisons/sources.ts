// SPDX-License-Identifier: Apache-2.0
import { globSync } from 'node:fs';

/** Folders of the product, and of what stands in for its surroundings. */
const TOP = '{trusted,verifier,host,emulators,policies,tools,canary,images,infra,deploy}';
const SKIP = /(?:^|\/)(?:node_modules|dist|test|fixtures)(?:\/|$)/;

/** All sources below `root`, as paths relative to it; tests are exempt. */
export function sourcesOf(root: string): string[] {
  const found = globSync(`${TOP}/**/*.{ts,mts,js,mjs}`, { cwd: root, exclude: (path) => SKIP.test(path) });
  return found.filter((path) => !SKIP.test(path)).sort();
}
