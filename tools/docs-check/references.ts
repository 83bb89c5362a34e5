// SPDX-License-Identifier: Apache-2.0
import { existsSync, globSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Page } from './markdown.ts';

/** Folders that hold nothing of ours, or what is generated. */
const SKIP = new Set(['.cache', 'node_modules', 'dist', 'coverage', 'fixtures', '__pycache__']);
const PATH = /^[\w.@*-]+(?:\/[\w.@{},*-]+)+\/?$/;
const SOURCE = /\.(?:ts|mts|mjs|json|md|sh|py)$/;

/** All pages below `root`, as paths relative to it. */
export function pagesOf(root: string): string[] {
  const walk = (folder: string): string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return SKIP.has(entry.name) || entry.name.startsWith('.') ? [] : walk(path);
      return entry.name.endsWith('.md') ? [path] : [];
    });
  return walk('.').sort();
}

/**
 * What the pages name and is not there, one line each: targets of relative links and their fragments, paths of this repository in
 * code spans, npm scripts.
 * @param pages by path relative to `root`
 */
export function deadReferences(
  root: string,
  pages: ReadonlyMap<string, Page>,
  scripts: ReadonlySet<string>,
): string[] {
  const tops = new Set(readdirSync(root).filter((name) => !SKIP.has(name)));
  return [...pages].flatMap(([file, page]) => {
    const at = (line: number) => `${file}:${line}`;
    const links = page.links.flatMap(({ text, line }) => {
      const why = deadLink(root, file, text, pages);
      return why === undefined ? [] : [`${at(line)}: ${text}: ${why}`];
    });
    const paths = page.codes.flatMap(({ text, line }) =>
      isRepositoryPath(text, tops) && !exists(root, file, text) ? [`${at(line)}: ${text}: no such path`] : [],
    );
    const missing = page.scripts.flatMap(({ text, line }) =>
      scripts.has(text) ? [] : [`${at(line)}: npm run ${text}: no such script`],
    );
    return [...links, ...paths, ...missing];
  });
}

function deadLink(
  root: string,
  file: string,
  target: string,
  pages: ReadonlyMap<string, Page>,
): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return undefined;
  if (target.startsWith('/')) return 'not a relative link';
  const [path = '', fragment] = target.split('#', 2);
  const to = path === '' ? file : relative(root, join(root, dirname(file), decodeURIComponent(path)));
  if (to.startsWith('..')) return 'leaves the repository';
  if (!existsSync(join(root, to))) return 'no such file';
  const page = pages.get(to);
  return fragment === undefined || page === undefined || page.anchors.has(fragment)
    ? undefined
    : 'no such heading';
}

/** `host/api/src/app.ts`: begins with a folder of this repository's, or ends as a source does. */
function isRepositoryPath(text: string, tops: ReadonlySet<string>): boolean {
  const [first = ''] = text.split('/');
  return PATH.test(text) && !SKIP.has(first) && (tops.has(first) || SOURCE.test(text));
}

/** Paths in the specification of a package are its own, or those of the folder above. */
function exists(root: string, file: string, path: string): boolean {
  return [root, join(root, dirname(file)), join(root, dirname(file), 'src')].some((base) =>
    /[*{]/.test(path) ? globSync(path, { cwd: base }).length > 0 : existsSync(join(base, path)),
  );
}
