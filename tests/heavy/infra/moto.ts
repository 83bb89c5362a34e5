// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stagesIn, type Variant } from '../../../infra/test/checks/variants.ts';
import type { Checks } from '../../support/checks.ts';

/** What moto does not make, by type, with the reason: what it answered, in our words. */
type Unsupported = Readonly<
  Record<string, { readonly answer: 'ignored' | 'refused'; readonly reason: string }>
>;

interface Report {
  /** By type and answer (`made`, `ignored`, `refused: …`): resources. */
  readonly types: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly stacks: Readonly<Record<string, { readonly made: number; readonly of: number }>>;
  readonly wrong: readonly string[];
  /** Resources that were read back from their service, by type. */
  readonly checked: Readonly<Record<string, number>>;
}

/**
 * Has moto's CloudFormation make the templates. What it cannot is compared with a written list, in both directions: a type that moto
 * learns has to go from it.
 */
export function deployToMoto(
  checks: Checks,
  bin: string,
  { variant, region, files }: { variant: Variant; region: string; files: readonly string[] },
): void {
  const { known } = stagesIn(variant);
  const outputs = join(dirname(files[0] ?? ''), '..', 'outputs.json');
  const asText = [...known.outputs].map(([stage, values]) => [
    stage,
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)])),
  ]);
  writeFileSync(outputs, JSON.stringify(Object.fromEntries(asText)));
  const { stdout, stderr, status } = spawnSync(
    join(bin, 'python'),
    [join(import.meta.dirname, 'deploy_to_moto.py'), region, outputs, ...files],
    { encoding: 'utf8', timeout: 900_000, maxBuffer: 64 * 1024 * 1024 },
  );
  if (status !== 0) {
    checks.that('moto takes the templates', false, stderr.slice(-600));
    return;
  }
  compare(checks, JSON.parse(stdout) as Report);
}

function compare(checks: Checks, report: Report): void {
  const path = join(import.meta.dirname, 'moto-unsupported.json');
  const unsupported = JSON.parse(readFileSync(path, 'utf8')) as Unsupported;
  const answers = Object.entries(report.types).map(([type, byAnswer]) => {
    // A refusal may be of what it needs; what moto does not know, it ignores.
    const others = Object.keys(byAnswer).filter((one) => one !== 'made');
    const answer = others.find((one) => one === 'ignored') ?? others[0];
    return { type, answer, resources: answer === undefined ? [] : (byAnswer[answer] ?? []) };
  });
  const short = (answer: string | undefined) => answer?.replace(/:.*/s, '');
  checks.none(
    'moto makes all that is not on the list of what it does not',
    answers
      .filter(({ type, answer }) => short(answer) !== unsupported[type]?.answer)
      .map(
        ({ type, answer, resources }) => `${type}: ${answer ?? 'made'} ${resources.slice(0, 3).join(', ')}`,
      ),
  );
  checks.none(
    'the list has no type that no template has',
    Object.keys(unsupported).filter((type) => !(type in report.types)),
  );
  checks.none('what moto made is as the templates say', report.wrong);
  const made = Object.values(report.stacks).reduce((sum, stack) => sum + stack.made, 0);
  const all = Object.values(report.stacks).reduce((sum, stack) => sum + stack.of, 0);
  const read = Object.values(report.checked).reduce((sum, count) => sum + count, 0);
  console.log(`moto made ${made} of ${all} resources; ${read} were read back from their services`);
  // Counts that sink when a template has less in it, or the read-back looks at nothing.
  checks.that('moto makes what it did', made >= 120 && read >= 45, `${made} of ${all}, ${read}`);
}
