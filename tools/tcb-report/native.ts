// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeLines } from './measure.ts';

/** Native code that is loaded into the process. */
export interface NativeCode {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  /** Lines of C++ and assembly that it is built from, for the architecture with more of them. */
  readonly lines: number;
  readonly files: number;
  /** By architecture: bytes of the addon. */
  readonly bytes: Readonly<Record<string, number>>;
}

interface NativePart {
  readonly architecture: string;
  readonly bytes: number;
}

/** Sources that its package publishes, and the part of each folder that is compiled for the two architectures there are. */
const FOLDERS: readonly (readonly [folder: string, file: RegExp])[] = [
  ['src/koffi/src', /^(?!win32).*\.(?:cc|hh|inc)$/],
  ['src/koffi/src/abi', /^(?:arm64|x64sysv)(?:_asm)?\.(?:cc|S)$/],
  ['lib/native/base', /\.(?:cc|hh|inc)$/],
  ['vendor/node-addon-api', /^napi(?:-inl)?\.h$/],
];

/** koffi, as it is linked into the enclave on AWS. Its lines are counted whole, those for other systems between `#if` included. */
export function measureNative(root: string, parts: readonly NativePart[]): NativeCode {
  const folder = join(root, 'node_modules/koffi');
  const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
    string,
    string
  >;
  const files = FOLDERS.flatMap(([below, pattern]) =>
    readdirSync(join(folder, below))
      .filter((name) => pattern.test(name))
      .map((name) => join(folder, below, name)),
  );
  const lines = files.reduce((sum, file) => sum + codeLines(readFileSync(file, 'utf8')), 0);
  const bytes = Object.fromEntries(parts.map((part) => [part.architecture, part.bytes]));
  return { name: 'koffi', version: version ?? '', licence: license ?? '', lines, files: files.length, bytes };
}
