// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run mutation [-- package…]`: mutates packages of the trusted base and the verifiers, one after the other, and writes
 * tests/mutation/results.json and docs/mutation.md. Fails when a mutant survives without a reason, or a reason is stale.
 * With --again: judges the last run anew, after explanations were written. With --page: writes the page alone. Finished
 * packages are kept in .cache/mutation, and the next run tries only what changed since, and survivors again.
 * With --files GLOB: a part of one package, and with --tests GLOB under a part of its tests, which is faster: what those notice is
 * kept for a run of the whole, which tries the survivors again under all; results wait for that.
 * With --patience N: for a busy machine, N times as long before tests count as endless.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Stopped } from './child.ts';
import { type Mutant, mutantsOf, type Report } from './mutants.ts';
import { chosen, type MutatedPackage, PACKAGES, slug } from './packages.ts';
import { mutationPage } from './page.ts';
import { type Results, score, summed } from './results.ts';
import { installStryker, runStryker, strykerVersion } from './stryker.ts';
import { judge, readExplained, shown } from './survivors.ts';
import { copyTree } from './tree.ts';

const root = join(import.meta.dirname, '../..');
const { values, positionals } = parseArgs({
  options: {
    concurrency: { type: 'string', default: '1' },
    fresh: { type: 'boolean', default: false },
    again: { type: 'boolean', default: false },
    page: { type: 'boolean', default: false },
    files: { type: 'string', multiple: true, default: [] },
    tests: { type: 'string', multiple: true, default: [] },
    patience: { type: 'string', default: '1' },
  },
  allowPositionals: true,
});
const packages = values.page ? [] : chosen(positionals);
const concurrency = count('concurrency');
const patience = count('patience');
const part = values.files.length > 0 || values.tests.length > 0;
if (part && (packages.length !== 1 || values.again)) {
  throw new Error('--files and --tests are for a run of one package');
}

const resultsFile = join(root, 'tests/mutation/results.json');
const kept = join(root, '.cache/mutation');
const git = (...args: readonly string[]): string =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();

mkdirSync(kept, { recursive: true });
const stryker = values.page || values.again ? '' : installStryker(root);
let bad = 0;
for (const mutated of packages) {
  // One that cannot be run, such as for a test that fails without any mutant, keeps none of the others from it.
  bad += await mutate(mutated).catch((error: unknown) => {
    if (error instanceof Stopped) process.exit(130);
    console.error(`${mutated.folder}: ${error instanceof Error ? error.message : error}`);
    return 1;
  });
}
writePage();
process.exitCode = bad > 0 ? 1 : 0;

/** @returns how many mutants survive without a reason, and reasons are stale */
async function mutate(mutated: MutatedPackage): Promise<number> {
  const name = slug(mutated);
  console.log(`== ${mutated.folder}`);
  const incrementalFile = join(kept, `${name}.json`);
  if (values.fresh) writeFileSync(incrementalFile, '');
  const last = values.again ? readResults().packages[mutated.folder]?.commit : undefined;
  const commit = last ?? git('rev-parse', '--short=12', 'HEAD');
  const report = values.again
    ? (JSON.parse(readFileSync(incrementalFile, 'utf8')) as Report)
    : await runStryker(copyTree(root, stryker, name), stryker, {
        name,
        packages: [mutated],
        incrementalFile,
        concurrency,
        patience,
        ...(values.files.length > 0 ? { mutate: values.files } : {}),
        ...(values.tests.length > 0 ? { tests: values.tests } : {}),
      });
  const mutants = mutantsOf(report);
  const judged = judge(mutants, readExplained(root, mutated));
  for (const mutant of judged.unexplained) console.log(shown(mutant));
  keepForExplaining(name, judged.unexplained);
  // Of a part, results say nothing of the package, and what of it is explained may lie outside.
  if (part) return judged.unexplained.length;
  for (const { file, original, replacement } of judged.stale) {
    console.log(`${file}: explained, and no longer a survivor: ${original} => ${replacement}`);
  }
  const result = summed(mutants, judged, commit);
  record(mutated.folder, result);
  console.log(
    `${mutated.folder}: ${result.mutants} mutants, ${score(result).toFixed(1)} % noticed, ` +
      `${judged.explained.length} survivors explained, ${judged.unexplained.length} not, ${judged.stale.length} reasons stale`,
  );
  return judged.unexplained.length + judged.stale.length;
}

/** For whoever explains them: copied into tests/mutation/survivors, with a kind and a reason. */
function keepForExplaining(name: string, unexplained: readonly Mutant[]): void {
  const todo = unexplained.map(({ status: _, at: __, ...mutant }) => ({ ...mutant, kind: '', why: '' }));
  writeFileSync(join(kept, `${name}.todo.json`), `${JSON.stringify(todo, null, 2)}\n`);
}

/** @throws Error for what is no number from 1 to 16 */
function count(option: 'concurrency' | 'patience'): number {
  const value = Number(values[option]);
  if (!Number.isInteger(value) || value < 1 || value > 16) {
    throw new Error(`--${option} is a number from 1 to 16`);
  }
  return value;
}

function record(folder: string, result: Results['packages'][string]): void {
  const all = { ...readResults().packages, [folder]: result };
  const ordered = PACKAGES.flatMap((one) => {
    const its = all[one.folder];
    return its === undefined ? [] : [[one.folder, its] as const];
  });
  const results: Results = { stryker: strykerVersion(root), packages: Object.fromEntries(ordered) };
  writeFileSync(resultsFile, `${JSON.stringify(results, null, 2)}\n`);
  writePage();
}

function readResults(): Results {
  return JSON.parse(readFileSync(resultsFile, 'utf8')) as Results;
}

function writePage(): void {
  writeFileSync(join(root, 'docs/mutation.md'), mutationPage(root));
}
