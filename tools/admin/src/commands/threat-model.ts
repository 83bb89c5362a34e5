// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import {
  ACTORS,
  checkWorkspace,
  lineOf,
  type Outcome,
  type Problem,
  Repository,
  Results,
  readModel,
  TIERS,
  WORKSPACE,
} from '@enclave-vault/threat-model';
import { parseThreatModelOptions } from '../threat-model/options.ts';

/** Where a run leaves its results. */
const LEFT = ['.cache/vitest.json', '.cache/suites'];

const NOTHING_READ = 'no results of a run (npm test leaves them): only asked whether the checks exist';

const NONE_FOUND: Problem = {
  code: 'results_unreadable',
  at: LEFT.join(', '),
  what: 'are not there, and --all asks for all results',
};

/** `enclave-vault threat-model`. @param root of the repository */
export async function threatModel(args: readonly string[], root: string): Promise<number> {
  const options = parseThreatModelOptions(args, process.env.INIT_CWD ?? '.');
  const model = readModel(root);
  if (!('workspace' in model))
    return report({ problems: model }, [], options.action === 'check' && options.json);
  if (options.action === 'fmt') {
    if (!model.tidy) writeFileSync(join(root, WORKSPACE), model.formatted);
    process.stdout.write(`${WORKSPACE}: ${model.tidy ? 'is as it should be' : 'written'}\n`);
    return 0;
  }
  const found = options.results ?? LEFT.map((path) => join(root, path)).filter((path) => existsSync(path));
  const results = new Results(root);
  const files = found.flatMap(filesOf);
  const broken = files.flatMap((file) => problemOf(results, file, root));
  // Where nothing could be read, that is the one thing to say: all else would follow from it.
  const held = files.length > broken.length;
  const outcome = checkWorkspace(model.workspace, {
    scope: { actors: ACTORS, tiers: TIERS },
    repository: new Repository(root),
    ...(held ? { results } : {}),
    all: options.all,
  });
  const untidy: Problem = {
    code: 'not_formatted',
    at: WORKSPACE,
    what: 'run `enclave-vault threat-model fmt`',
  };
  const problems = [
    ...broken,
    ...emptyProblems(options.results ?? [], root),
    ...(options.all && found.length === 0 ? [NONE_FOUND] : []),
    ...(model.tidy ? [] : [untidy]),
    ...outcome.problems,
  ];
  return report({ ...outcome, problems }, held ? whence(results, files) : [NOTHING_READ], options.json);
}

/** A file as it is; of a folder, the logs in it. */
function filesOf(path: string): readonly string[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => /\.(log|json)$/.test(name))
    .toSorted()
    .map((name) => join(path, name));
}

/** Folders that were named for results and hold none: silence there must not pass for success. */
function emptyProblems(named: readonly string[], root: string): readonly Problem[] {
  return named
    .filter((path) => filesOf(path).length === 0)
    .map((path) => ({
      code: 'results_unreadable',
      at: relative(root, path),
      what: 'holds no .json or .log',
    }));
}

function problemOf(results: Results, file: string, root: string): readonly Problem[] {
  try {
    results.add(file);
    return [];
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unreadable';
    return [{ code: 'results_unreadable', at: relative(root, file), what: why }];
  }
}

/** What was looked at besides the repository, in words. */
function whence({ began }: Results, files: readonly string[]): readonly string[] {
  const suites = files.filter((file) => file.endsWith('.log')).length;
  return [
    began === undefined ? '' : `tests of ${began.toISOString()}`,
    suites === 0 ? '' : `${suites} heavy suites`,
  ].filter((text) => text !== '');
}

function report(
  { problems, unproved = [], counts }: Partial<Outcome> & Pick<Outcome, 'problems'>,
  sources: readonly string[],
  json: boolean,
): number {
  if (json) process.stdout.write(`${JSON.stringify({ problems, unproved, counts, sources })}\n`);
  else {
    for (const problem of problems) process.stderr.write(`${lineOf(problem)}\n`);
    for (const line of unproved) process.stdout.write(`not proved in this run: ${line}\n`);
    const said =
      counts === undefined
        ? []
        : [
            `${counts.threats} threats`,
            `${counts.mitigations - counts.accepted} mitigations, ${counts.proved} of them ${sources.includes(NOTHING_READ) ? 'name checks' : 'proved by their checks'}`,
            `${counts.checks} checks`,
            `${counts.accepted} accepted risks`,
          ];
    process.stdout.write(
      `threat model: ${[...said, ...sources, `${problems.length} problems`].join('; ')}\n`,
    );
  }
  return problems.length === 0 ? 0 : 1;
}
