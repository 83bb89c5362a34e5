// SPDX-License-Identifier: Apache-2.0
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CELLS, type Check, cellIds, MATRIX, WHOLE } from './check.ts';
import { testsOf } from './titles.ts';

/** Where lines of heavy suites are written; their titles stand there as they are printed. */
const SUITE_SOURCES = [
  'tests/{heavy,interop,vm,fuzz,timing,mutation}/**/*.{ts,sh,py}',
  '{images,tools}/*/{test/*.heavy,main}.ts',
];

/** Looks for checks in a working copy, each file once. */
export class Repository {
  readonly #root: string;
  readonly #tests = new Map<string, ReadonlyMap<string, boolean> | undefined>();
  #cells: ReadonlySet<string> | undefined;
  #suites: string | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  /** Why a check is none: it names what is not there. Undefined where it is there. */
  missing(check: Check): string | undefined {
    if (check.kind === 'test') return this.#missingTest(check.path, check.title);
    if (check.kind === 'cell') {
      this.#cells ??= cellIds(this.#read(CELLS) ?? '');
      return this.#cells.has(check.id)
        ? this.#missingTest(MATRIX.path, MATRIX.title)
        : `no row of ${CELLS} ends in #${check.id}`;
    }
    if (!existsSync(join(this.#root, `tests/heavy/${check.name}.sh`)))
      return `there is no tests/heavy/${check.name}.sh`;
    if (check.title === WHOLE) return undefined;
    this.#suites ??= this.#readSuites();
    // Lines of a group begin with its name, which stands elsewhere.
    const [, last = check.title] = /^[\w -]+: (.+)$/.exec(check.title) ?? [];
    return [check.title, last].some((text) => this.#suites?.includes(text))
      ? undefined
      : 'no heavy suite prints that';
  }

  /** Why a test may prove nothing on another machine. Undefined where it runs on all. */
  conditional(check: Check): string | undefined {
    if (check.kind !== 'test' || this.#testsIn(check.path)?.get(check.title) !== false) return undefined;
    return 'some machines skip it (runIf, skipIf, skip): name one that all run, or a heavy suite';
  }

  #missingTest(path: string, title: string): string | undefined {
    const tests = this.#testsIn(path);
    if (tests === undefined) return `there is no ${path}`;
    return tests.has(title) ? undefined : `${path} has no test of that title`;
  }

  #testsIn(path: string): ReadonlyMap<string, boolean> | undefined {
    if (!this.#tests.has(path)) {
      const source = this.#read(path);
      this.#tests.set(path, source === undefined ? undefined : testsOf(path, source));
    }
    return this.#tests.get(path);
  }

  #read(path: string): string | undefined {
    const full = join(this.#root, path);
    return existsSync(full) ? readFileSync(full, 'utf8') : undefined;
  }

  #readSuites(): string {
    const files = SUITE_SOURCES.flatMap((pattern) => globSync(pattern, { cwd: this.#root }));
    return files.map((file) => this.#read(file) ?? '').join('\n');
  }
}
