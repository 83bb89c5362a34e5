// SPDX-License-Identifier: Apache-2.0

/** A package that is mutated, and the tests that must notice. */
export interface MutatedPackage {
  /** Its folder. */
  readonly folder: string;
  /** Globs of test files beside its own `test/`, and `!` before those that are left out. */
  readonly tests?: readonly string[];
  /** Its tests want a process of their own, not a thread: they count descriptors, or change what a process has once. */
  readonly ownProcess?: true;
  /** Sources that run where no mutant can be switched on, with what holds them instead. */
  readonly outOfReach?: Readonly<Record<string, string>>;
}

/** Where a mutant that survives is a hole: what decrypts, and what decides whether to trust. */
export const PACKAGES: readonly MutatedPackage[] = [
  { folder: 'trusted/codec' },
  { folder: 'trusted/hpke' },
  { folder: 'trusted/records' },
  { folder: 'trusted/protocol' },
  {
    folder: 'trusted/expressions',
    outOfReach: {
      'worker.ts': 'runs in a thread of its own, held by trusted/expressions/test/pool.test.ts',
    },
  },
  {
    folder: 'trusted/enclave',
    // load.test.ts looks for what many requests do to each other in time: ten seconds for each mutant, and others on a busy machine.
    tests: [
      '!trusted/enclave/test/build/**',
      '!trusted/enclave/test/e2e/**',
      '!trusted/enclave/test/core/load.test.ts',
    ],
    outOfReach: {
      'main.ts': 'a program of its own, held by trusted/enclave/test/e2e/program.test.ts',
      'main-nitro.ts': 'a program of its own, held by tests/heavy/vm.sh in a machine with vsock',
      'adapters/worker.ts': 'runs in a thread of its own, held by trusted/enclave/test/e2e/program.test.ts',
    },
  },
  {
    folder: 'trusted/linux',
    ownProcess: true,
    outOfReach: {
      'koffi-file.bundled.ts': 'is in the enclave’s image alone, held by tests/heavy/vm.sh',
    },
  },
  { folder: 'verifier/attestation' },
  { folder: 'verifier/eif' },
  { folder: 'verifier/release' },
];

/** `trusted-codec` for `trusted/codec`: a file's name. */
export const slug = ({ folder }: MutatedPackage): string => folder.replace('/', '-');

/** The packages of these folders or last names, all for none. @throws Error naming what is no package */
export function chosen(names: readonly string[]): readonly MutatedPackage[] {
  if (names.length === 0) return PACKAGES;
  return names.map((name) => {
    const found = PACKAGES.find(({ folder }) => folder === name || folder.endsWith(`/${name}`));
    if (found === undefined) {
      throw new Error(`no package ${name}: ${PACKAGES.map(({ folder }) => folder).join(', ')}`);
    }
    return found;
  });
}

/** What Stryker is to mutate. */
export function sourcesOf({ folder, outOfReach = {} }: MutatedPackage): readonly string[] {
  return [`${folder}/src/**/*.ts`, ...Object.keys(outOfReach).map((file) => `!${folder}/src/${file}`)];
}

/** What Vitest is to run, and to leave out. */
export function testsOf({ folder, tests = [] }: MutatedPackage): {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
} {
  return {
    include: [`${folder}/test/**/*.test.ts`, ...tests.filter((glob) => !glob.startsWith('!'))],
    exclude: tests.filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1)),
  };
}
