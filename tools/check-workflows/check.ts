// SPDX-License-Identifier: Apache-2.0
import { strangeLines } from './grammar.ts';

/** Rights that a token of a workflow may have, and what for. */
const RIGHTS: Readonly<Record<string, string>> = {
  'contents: read': 'the sources',
  'id-token: write': 'who runs it, for the provenance and for AWS',
  'attestations: write': 'the provenance',
};

/**
 * What is wrong with a workflow of GitHub Actions, a line each, by its text: GitHub's "Security hardening for GitHub Actions". Workflows here are
 * written in blocks, so a line is enough to tell; what is written in another way is refused (`strangeLines`).
 */
export function workflowProblems(text: string): string[] {
  const lines = text.split('\n');
  const found: string[] = strangeLines(lines);
  const top = lines.indexOf('permissions:');
  if (top < 0 || lines[top + 1] !== '  contents: read' || /^ /.test(lines[top + 2] ?? '')) {
    found.push('the workflow as a whole may do more than read the sources, or does not say');
  }
  const pull = lines.some((line) => /^ {2}pull_request:/.test(line));
  let script: number | undefined;
  let rights: number | undefined;
  for (const [index, line] of lines.entries()) {
    const say = (what: string): void => void found.push(`${index + 1}: ${what}`);
    const indent = line.search(/\S/);
    if (indent < 0) continue;
    if (script !== undefined && indent <= script) script = undefined;
    if (rights !== undefined && indent <= rights) rights = undefined;
    if (/^\s*-?\s*run:/.test(line)) script = line.indexOf('run:');
    // Text of others in a script is a script of others: it comes by the environment.
    if (script !== undefined && line.includes('${{')) say('an expression within a script');
    if (rights !== undefined && RIGHTS[line.trim()] === undefined) say(`the right ${line.trim()}`);
    if (/^\s*permissions:/.test(line)) {
      rights = indent;
      if (line.trim() !== 'permissions:') say('permissions that are not listed');
    }
    if (/pull_request_target|workflow_run/.test(line)) say('runs with rights on behalf of others');
    if (/secrets\b/.test(line)) say('a secret: there are none, KMS and OIDC take their place');
    if (/self-hosted/.test(line)) say('a machine that remembers the last run');
    const uses = /^\s*-?\s*uses:\s*(.*)$/.exec(line)?.[1];
    if (uses !== undefined && !/^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(uses)) {
      say('an action that is not pinned by a commit, with its version beside it');
    }
    if (pull && /id-token|attestations|environment:/.test(line)) say('rights within reach of a pull request');
  }
  const checkouts = text.match(/uses: actions\/checkout@/g)?.length ?? 0;
  if (checkouts !== (text.match(/persist-credentials: false/g)?.length ?? 0)) {
    found.push('a checkout that leaves its token behind');
  }
  const jobs = lines.filter((line) => /^ {4}runs-on:/.test(line)).length;
  if (jobs === 0 || jobs !== lines.filter((line) => /^ {4}timeout-minutes:/.test(line)).length) {
    found.push('a job without an end');
  }
  return found;
}
