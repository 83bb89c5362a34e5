// SPDX-License-Identifier: Apache-2.0
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { workflowProblems } from '../check.ts';

const FOLDER = join(import.meta.dirname, '../../../.github/workflows');
const read = (name: string) => readFileSync(join(FOLDER, name), 'utf8');
const CI = read('ci.yml');
const RELEASE = read('release.yml');

const expression = (text: string) => ['$', '{{ ', text, ' }}'].join('');

describe('workflows', () => {
  it.each(globSync('*', { cwd: FOLDER }))(
    '%s runs pinned actions, with the least rights, and nobody else’s text',
    (name) => expect(workflowProblems(read(name))).toEqual([]),
  );

  it.each<[string, string, string, string]>([
    ['more rights for all', CI, 'contents: read', 'contents: write'],
    ['no rights that are said', CI, 'permissions:\n  contents: read\n', ''],
    ['all rights', CI, 'permissions:\n  contents: read', 'permissions: write-all'],
    ['a tag in place of a commit', CI, '@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2', '@v4'],
    ['a commit that nobody can tell the version of', CI, ' # v4.2.2', ''],
    ['the rights of the repository for a pull request', CI, 'pull_request:', 'pull_request_target:'],
    [
      'an identity for a pull request',
      CI,
      '    timeout-minutes',
      '    permissions:\n      id-token: write\n    timeout-minutes',
    ],
    [
      'a title in a script',
      CI,
      'run: .ci/run',
      `run: echo "${expression('github.event.pull_request.title')}"`,
    ],
    [
      'a title in a script of several lines',
      RELEASE,
      '          npm ci\n',
      `          echo ${expression('github.event.head_commit.message')}\n`,
    ],
    ['a secret', RELEASE, 'vars.RELEASE_KEY', 'secrets.RELEASE_KEY'],
    ['a token that stays in the checkout', CI, 'persist-credentials: false', 'fetch-depth: 1'],
    ['a right to write packages', RELEASE, 'attestations: write', 'packages: write'],
    ['a job without an end', CI, '    timeout-minutes: 60\n', ''],
    ['a machine of one’s own', CI, 'ubuntu-24.04', 'self-hosted'],
  ])('are refused with %s', (_, text, from, to) => {
    expect(text).toContain(from);
    expect(workflowProblems(text.replace(from, to))).not.toEqual([]);
  });

  const step = (text: string): [string, string] => ['      - run: .ci/run', `      - run: .ci/run\n${text}`];
  it.each<[string, string, string, string]>([
    ['an action under a quoted key', CI, ...step('      - "uses": else/where@main')],
    ['an action in braces', CI, ...step('      - { uses: else/where@main }')],
    ['an action behind a space', CI, ...step('      - uses : else/where@main')],
    ['an action by an anchor', CI, ...step('      - &x\n        uses: else/where@main')],
    ['events in brackets', CI, 'on:\n', 'on: [push, pull_request]\n'],
    ['a quoted event', CI, '  pull_request:', '  "pull_request":'],
    ['an event of others', CI, '  pull_request:', '  issue_comment:'],
    [
      'rights under a quoted key',
      CI,
      '    timeout-minutes',
      '    "permissions": write-all\n    timeout-minutes',
    ],
    ['a container', CI, '    timeout-minutes', '    container: else/where:latest\n    timeout-minutes'],
    ['a shell of one’s own', CI, ...step('      - shell: sh {0}\n        run: "true"')],
    ['code by a variable', CI, ...step('      - env:\n          BASH_ENV: x\n        run: .ci/run')],
    ['a token', RELEASE, 'vars.RELEASE_KEY', 'github.token'],
    ['everything that is known', RELEASE, 'vars.RELEASE_KEY', 'toJSON(github)'],
    [
      'a comparison that may fail',
      RELEASE,
      '        run: diff',
      '        continue-on-error: true\n        run: diff',
    ],
    [
      'a signature whatever came before',
      RELEASE,
      '    needs: compare',
      '    needs: compare\n    if: always()',
    ],
  ])('are refused with %s, in whatever way YAML lets one write it', (_, text, from, to) => {
    expect(text).toContain(from);
    expect(workflowProblems(text.replace(from, to))).not.toEqual([]);
  });

  it('build where there are no credentials, and sign where nothing is built for the first time', () => {
    const job = (name: string) =>
      RELEASE.split(/\n {2}(?=[a-z]+:\n)/).find((part) => part.startsWith(`${name}:`)) ?? '';
    expect(job('build')).not.toMatch(/id-token|environment:/);
    expect(job('sign')).toMatch(/environment: release[\s\S]*id-token: write/);
    expect(job('sign')).toContain('needs: compare');
    expect(job('compare')).toContain('diff -r parts/parts-one parts/parts-two');
  });
});
