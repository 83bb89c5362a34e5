// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGES } from './packages.ts';
import { type PackageResult, type Results, score, scoreOfExplained, settled, total } from './results.ts';
import { type Explained, KINDS, type Kind, readExplained } from './survivors.ts';

/** The text of docs/mutation.md, from the last results and the explanations. */
export function mutationPage(root: string): string {
  const { packages, stryker } = JSON.parse(
    readFileSync(join(root, 'tests/mutation/results.json'), 'utf8'),
  ) as Results;
  const explained = new Map(PACKAGES.map((one) => [one.folder, readExplained(root, one)]));
  const all = [...explained.values()].flat();
  return `<!-- written by npm run mutation; with -- --page from what is there -->
# Mutation tests

Would a test notice if a line of the trusted base were wrong? [Stryker](https://stryker-mutator.io) ${stryker} changes one thing at a time in \`trusted/\` and \`verifier/\` (a comparison turned around, a condition always true, a
block emptied, an anchor of a pattern dropped) and runs the tests that reach it. A mutant that no test notices is a hole in the tests or makes no difference. **Each that survives has been looked at**: a test kills it, or
[\`tests/mutation/survivors\`](../tests/mutation/survivors) says in a line why none should.
${open(packages)}

| package | mutants | killed | endless | survived | never run | noticed | explained | noticed or explained | commit |
|---|---|---|---|---|---|---|---|---|---|
${Object.entries(packages)
  .map(([folder, result]) => row(`\`${folder}\``, result))
  .join('\n')}
${row('**all**', total(Object.values(packages)))}

"Endless" is a mutant with which the tests do not end; that is noticed too. "Never run": no test of this process comes by.

## Why some may survive
${kindRows(all)}

Not mutated: types and tables that are \`as const\`, such as the sentences that go with error codes, and what runs where no mutant can be switched on:

${PACKAGES.flatMap(({ folder, outOfReach = {} }) =>
  Object.entries(outOfReach).map(([file, why]) => `- \`${folder}/src/${file}\`: ${why}`),
).join('\n')}

## Run it
\`\`\`
npm run mutation                        # everything: hours
npm run mutation -- codec attestation   # some packages
npm run mutation -- enclave --files 'trusted/enclave/src/core/*.ts' --patience 3   # a part, on a busy machine
bash tests/heavy/mutation.sh            # what CI does: a few places that follow from the commit, in a minute or two
\`\`\`

Stryker has a lockfile of its own in \`tests/mutation\`: who builds or tests the vault does not install it. A mutant is known by its file, its operator, its text and its line, not by the line's number. When a run says that a mutant
survives: write the test, or explain it; the run leaves ready-made entries in \`.cache/mutation\`, and \`npm run mutation -- --page\` writes this page anew. What a run has finished is kept: the next one tries only what changed since, and survivors again (\`--fresh\` starts anew).

*What it does not show:* Stryker makes small changes, one at a time. It does not invent a missing check; for those there are [attacks](../tests/attacks) and [claims](security.md).
`;
}

/** What is not as it should be yet: said before the figures. */
function open(packages: Results['packages']): string {
  const results: Results = { stryker: '', packages };
  const not = PACKAGES.map(({ folder }) => folder).filter((folder) => !settled(results, folder));
  if (not.length === 0) return '';
  const run = not.filter((folder) => packages[folder] !== undefined);
  const never = not.filter((folder) => packages[folder] === undefined);
  const named = (folders: readonly string[]): string => folders.map((folder) => `\`${folder}\``).join(', ');
  return [
    ...(never.length > 0 ? [`**Not mutated yet:** ${named(never)}.`] : []),
    ...(run.length > 0 ? [`**Survivors not all looked at yet:** ${named(run)}.`] : []),
    '',
  ].join('\n');
}

function row(name: string, result: PackageResult): string {
  const { mutants, killed, timedOut, survived, uncovered, explained, commit } = result;
  const figures = [mutants, killed, timedOut, survived, uncovered];
  const hash = commit === '' ? '' : `\`${commit}\``;
  return `| ${[name, ...figures, percent(score(result)), explained, percent(scoreOfExplained(result)), hash].join(' | ')} |`;
}

/** Rounded down: 100 % is said of all only. */
const percent = (value: number): string => `${(Math.floor(value * 10) / 10).toFixed(1)} %`;

function kindRows(all: readonly Explained[]): string {
  const rows = (Object.keys(KINDS) as Kind[]).map((kind) => {
    const count = all.filter((entry) => entry.kind === kind).length;
    return `| ${kind} | ${KINDS[kind]} | ${count} |`;
  });
  return ['| kind | meaning | mutants |', '|---|---|---|', ...rows].join('\n');
}
