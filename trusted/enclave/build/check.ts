// SPDX-License-Identifier: Apache-2.0
import type { Metafile } from 'esbuild';

/** Built-in modules that the program has business with. Not among them: fs, child_process, sqlite, vm, inspector, dgram, http2, module, … */
const ALLOWED_BUILTINS: ReadonlySet<string> = new Set([
  'node:buffer',
  'node:crypto',
  'node:http',
  'node:net',
  'node:tls',
  'node:worker_threads',
]);

/**
 * Ways around the import list, or to make code of text. The output has no comments but licences, so a hit is code, or a string that had
 * better not be there.
 */
const FORBIDDEN: readonly (readonly [why: string, pattern: RegExp])[] = [
  ['dynamic import', /\bimport\s*\(|\bimport\s*\.\s*meta\s*\.\s*resolve\b/],
  ['require', /\brequire\s*\(|\bcreateRequire\b|\b__require\b/],
  ['built-in by name', /\bgetBuiltinModule\b/],
  ['internal binding', /\b(?:process|internal)\s*\.\s*(?:_linkedBinding|binding)\b|\binternalBinding\b/],
  ['native code', /\bdlopen\b/],
  // Not a method of that name, its definition or its call: CEL's interpreter has one.
  ['eval', /(?<![.\w$])eval\b(?!\s*\([^()]*\)\s*\{)|\b(?:globalThis|global|self)\s*\.\s*eval\b/],
  ['function from a string', /(?<![.\w$])Function\s*\(/],
  ['WebAssembly', /\bWebAssembly\b/],
  ['network of its own', /(?<![.\w$])(?:fetch\s*\(|WebSocket\b|EventSource\b)/],
  ['environment or arguments', /\bprocess\s*\.\s*(?:env|argv|execArgv)\b/],
];

/** The one place that loads an addon, in a program that may. */
const LOADER = 'trusted/linux/src/koffi.ts';
const LOADS = 'native code';

/**
 * One line for each thing in the bundle that the program has no business with; none when it may be used.
 * @param native the program may load its addon, in one place
 */
export function problems(metafile: Metafile, code: string, native = false): string[] {
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  return [
    ...imports
      .filter(
        ({ path, kind, external }) => !external || kind !== 'import-statement' || !ALLOWED_BUILTINS.has(path),
      )
      .map(({ path, kind }) => `${kind} of ${path}`),
    ...Object.entries(metafile.inputs).flatMap(([file, { imports: own }]) =>
      own
        .filter(({ kind }) => kind !== 'import-statement')
        .map(({ path, kind }) => `${file}: ${kind} of ${path}`),
    ),
    ...FORBIDDEN.flatMap(([why, pattern]) => {
      const lines = linesWith(code, pattern);
      const allowed = native && why === LOADS && lines.length === 1 && LOADER in metafile.inputs;
      return allowed ? [] : lines.map((line) => `${why}: ${line}`);
    }),
  ];
}

/** esbuild's own: the file that the next lines come from. Nothing else that looks like a comment is passed over. */
const FILE_NAME = /^\/\/ (?:<define:[\w.]+>|[\w@./-]+)$/;

/** The first few lines of the bundle with a match, so that one need not look for them. */
function linesWith(code: string, pattern: RegExp): string[] {
  const lines = code.split('\n');
  const hits = lines.flatMap((line, index) =>
    pattern.test(line) && !FILE_NAME.test(line) ? [`line ${index + 1}: ${line.trim().slice(0, 120)}`] : [],
  );
  return hits.slice(0, 3);
}
