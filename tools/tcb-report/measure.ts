// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Part {
  /** `trusted/codec`, or an npm package's name. */
  readonly name: string;
  readonly ours: boolean;
  readonly version: string;
  readonly licence: string;
  readonly files: number;
  /** Lines that are neither blank nor only a comment, of every file that has a part in the bundle. */
  readonly lines: number;
  /** Bytes in the bundle for the hypervisor of one machine, and in the one for AWS. */
  readonly bytes: number;
  readonly nitroBytes: number;
}

/** Lines of code, counted alike for everybody's files: comment and blank lines are no burden of proof. */
export function codeLines(source: string): number {
  return source
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.trim().startsWith('//')).length;
}

const packageOf = (file: string): string | undefined =>
  /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(file)?.[1];

type Inputs = Readonly<Record<string, number>>;

/** What the enclave's two bundles are made of, largest first, ours before others'. A file of both counts once. */
export function measureParts(root: string, local: Inputs, nitro: Inputs): Part[] {
  const inputs = { ...nitro, ...local };
  const groups = Map.groupBy(
    // The bundler writes a line of its own for each constant that it puts in: no file stands behind `<define:…>`.
    Object.entries(inputs).filter(([file]) => !file.startsWith('<')),
    ([file]) => packageOf(file) ?? file.split('/').slice(0, 2).join('/'),
  );
  const parts = [...groups].map(([name, files]): Part => {
    const ours = files.every(([file]) => packageOf(file) === undefined);
    const folder = ours ? name : `node_modules/${name}`;
    const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Record<
      string,
      string
    >;
    const lines = files.reduce((sum, [file]) => sum + codeLines(readFileSync(join(root, file), 'utf8')), 0);
    const bytesIn = (bundle: Inputs) => files.reduce((sum, [file]) => sum + (bundle[file] ?? 0), 0);
    const { version = '', license: licence = '' } = manifest;
    return {
      name,
      ours,
      version,
      licence,
      files: files.length,
      lines,
      bytes: bytesIn(local),
      nitroBytes: bytesIn(nitro),
    };
  });
  return parts.sort((a, b) => Number(b.ours) - Number(a.ours) || b.lines - a.lines);
}
