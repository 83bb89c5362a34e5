// SPDX-License-Identifier: Apache-2.0
/**
 * For CI: mutates a few places of all packages, chosen by the commit's hash, and fails when a mutant survives there that
 * tests/mutation/survivors does not explain. Prints "N passed, N failed": mutants that were noticed or are explained, and those
 * that are not.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stopped } from './child.ts';
import { mutantsOf } from './mutants.ts';
import { PACKAGES } from './packages.ts';
import { type Results, settled } from './results.ts';
import { filesOf, rangeOf, sample } from './sample.ts';
import { installStryker, runStryker } from './stryker.ts';
import { judge, readExplained, shown } from './survivors.ts';
import { copyTree } from './tree.ts';

/** Some 45 mutants: a minute on two cores, half of it the tests without any mutant. */
const SIZE = { windows: 4, lines: 15 };

const root = join(import.meta.dirname, '../..');
const seed =
  process.argv[2] ?? execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
const results = JSON.parse(readFileSync(join(root, 'tests/mutation/results.json'), 'utf8')) as Results;
// Of a package whose survivors are not all explained, one more would be no news.
const known = PACKAGES.filter(({ folder }) => settled(results, folder));
const files = known.flatMap((mutated) =>
  filesOf(root, mutated).map(([file, length]) => [mutated, file, length] as const),
);
const windows = sample(files, seed, SIZE);
console.log(`seed ${seed}: ${windows.map(rangeOf).join(', ')}`);

mkdirSync(join(root, '.cache/mutation'), { recursive: true });
const stryker = installStryker(root);
const packages = known.filter((one) => windows.some(({ mutated }) => mutated === one));
const mutated = () =>
  runStryker(copyTree(root, stryker, 'sample'), stryker, {
    name: 'sample',
    packages,
    mutate: windows.map(rangeOf),
    concurrency: 2,
  });
// Stryker begins with the tests as they are, and gives up when one fails: on a busy machine one may, and hardly three times.
const retried =
  (left: number) =>
  (error: unknown): ReturnType<typeof mutated> => {
    if (error instanceof Stopped || left === 0) throw error;
    console.log(`once more: ${String(error)}`);
    return mutated().catch(retried(left - 1));
  };
const report = await mutated().catch(retried(2));
const mutants = mutantsOf(report);
const judged = judge(
  mutants,
  packages.flatMap((mutated) => readExplained(root, mutated)),
);
for (const mutant of judged.unexplained) console.log(`nothing notices: ${shown(mutant)}`);
console.log(`${mutants.length - judged.unexplained.length} passed, ${judged.unexplained.length} failed`);
process.exitCode = judged.unexplained.length > 0 ? 1 : 0;
