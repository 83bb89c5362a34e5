// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is deployed, each in one file. */
export type Bundle = 'enclave' | 'enclave-nitro' | 'parent' | 'lambda' | 'authorizer' | 'smoke';

export interface Size {
  readonly bytes: number;
  /** Source files that have a part in it, and packages of others that those are of. */
  readonly files: number;
  readonly packages: number;
}

export type Sizes = Readonly<Record<Bundle, Size>>;

/** So much may bytes and files differ before somebody has to say so. What a package more brings is never a trifle. */
const MARGIN = 0.02;
const HOW = 'npm run budget -- --update writes what is built now';

export const SIZES = join(import.meta.dirname, '../sizes.json');

/** @param inputs bytes in the bundle by source file */
export function sizeOf(bytes: number, inputs: Readonly<Record<string, number>>): Size {
  const files = Object.keys(inputs).filter((file) => (inputs[file] ?? 0) > 0);
  const packages = files.flatMap((file) => {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
    return name === undefined ? [] : [name];
  });
  return { bytes, files: files.length, packages: new Set(packages).size };
}

/** The inputs of a bundle as esbuild tells them. */
export function inputsOf(metafile: {
  readonly outputs: Readonly<
    Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>
  >;
}): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.values(metafile.outputs).flatMap(({ inputs }) =>
      Object.entries(inputs).map(([file, { bytesInOutput }]) => [file, bytesInOutput] as const),
    ),
  );
}

/** What of a bundle is not as its budget says, a line each. */
export function sizeDifferences(
  bundle: Bundle,
  size: Size,
  budgets: Sizes = JSON.parse(readFileSync(SIZES, 'utf8')) as Sizes,
): string[] {
  const budget = budgets[bundle];
  return (['bytes', 'files', 'packages'] as const).flatMap((what) => {
    const [most, is] = [budget[what], size[what]];
    const margin = what === 'packages' ? 0 : most * MARGIN;
    if (is > most + margin) return [`${bundle}: ${what} grew from ${most} to ${is}; ${HOW}`];
    return is < most - margin ? [`${bundle}: ${is} ${what} in place of ${most}: good; ${HOW}`] : [];
  });
}
