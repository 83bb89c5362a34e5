// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cellIds } from '../src/checks/check.ts';
import { Repository } from '../src/checks/repository.ts';
import { testsOf } from '../src/checks/titles.ts';
import {
  ACTORS,
  checkWorkspace,
  lineOf,
  mitigationsPage,
  PROBLEMS,
  readModel,
  TIERS,
  threatModelPage,
} from '../src/index.ts';
import { label, valuesOf } from '../src/workspace/model.ts';

const ROOT = join(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const model = readModel(ROOT);
if (!('workspace' in model)) throw new TypeError(model.map(lineOf).join('\n'));
const { workspace, tidy } = model;
const page = threatModelPage(model) + mitigationsPage(model);

describe('the threat model of this repository', () => {
  it('has no problem, and names no check that does not exist', () => {
    const { problems } = checkWorkspace(workspace, {
      scope: { actors: ACTORS, tiers: TIERS },
      repository: new Repository(ROOT),
      all: false,
    });
    expect(problems.map(lineOf)).toEqual([]);
    expect(tidy).toBe(true);
  });

  it('has at least 40 threats, and actors and tiers of the design', () => {
    expect(workspace.threats?.length).toBeGreaterThanOrEqual(40);
    expect(ACTORS.map(({ slug }) => slug)).toEqual([
      ...['curious-operator', 'store-writer', 'parent-owner', 'api-owner', 'iam-administrator'],
      ...['kms-administrator', 'network-attacker', 'malicious-client', 'other-tenant', 'supply-chain'],
      'stolen-backup',
    ]);
    expect(TIERS.map(({ slug }) => slug)).toEqual([
      ...['client', 'api', 'store', 'parent', 'enclave', 'kms', 'pipeline', 'operator'],
    ]);
  });

  it('has diagrams that the tool shows', () => {
    for (const drawing of [workspace.architecture, workspace.dataflow]) {
      const [, svg = ''] = /^data:image\/svg\+xml;base64,(.*)$/.exec(drawing?.image ?? '') ?? [];
      expect(Buffer.from(svg, 'base64').toString()).toMatch(/^<svg xmlns="[\s\S]*<\/svg>\n$/);
    }
  });
});

describe('the pages', () => {
  it('has every threat, mitigation and assumption once as a target of links, in one of them', () => {
    const kinds = [
      ['A', workspace.assumptions ?? []],
      ['M', workspace.mitigations ?? []],
      ['T', workspace.threats ?? []],
    ] as const;
    for (const [kind, entities] of kinds)
      for (const one of entities) {
        const anchor = `<a id="${label(kind, one).toLowerCase()}"></a>`;
        expect(page.split(anchor), anchor).toHaveLength(2);
      }
  });

  it('has the statement of every threat and the title of every proof', () => {
    for (const { statement = '' } of workspace.threats ?? []) expect(page).toContain(statement);
    const titles = (workspace.mitigations ?? []).flatMap((one) => valuesOf(one, 'custom:check'));
    expect(titles.length).toBeGreaterThan(200);
    for (const check of titles) {
      const [where = '', title = ''] = check.replace(/^\w+:/, '').split(' › ');
      expect(page).toContain(where);
      expect(page.replaceAll('\\', '')).toContain(title);
    }
  });
});

describe('the repository', () => {
  const repository = new Repository(ROOT);

  it.each([
    ['a test', { kind: 'test', path: 'tools/threat-model/test/model.test.ts', title: 'the repository' }],
    ['rows of the matrix', { kind: 'cell', id: 'decrypt-by-others' }],
    ['a line of a suite', { kind: 'suite', name: 'kill', title: 'the store file is sound' }],
    [
      'a line of a group',
      { kind: 'suite', name: 'vm', title: 'hardening: core dumps are off, soft and hard' },
    ],
  ] as const)('has %s', (_, check) => expect(repository.missing(check)).toBeUndefined());

  it.each([
    ['a file', { kind: 'test', path: 'tools/no.test.ts', title: 'x' }, 'there is no tools/no.test.ts'],
    [
      'a title',
      { kind: 'test', path: 'tools/threat-model/test/model.test.ts', title: 'no such title'.repeat(2) },
      'no test of that title',
    ],
    ['a cell', { kind: 'cell', id: 'no-such-cell' }, 'no row of'],
    ['a suite', { kind: 'suite', name: 'none', title: 'x' }, 'there is no tests/heavy/none.sh'],
    [
      'a line',
      { kind: 'suite', name: 'kill', title: 'nothing prints '.repeat(3) },
      'no heavy suite prints that',
    ],
  ] as const)('says which %s it has not', (_, check, why) =>
    expect(repository.missing(check)).toContain(why),
  );

  it('tells tests that some machines skip, and what is in them', () => {
    const tests = testsOf(
      'x.test.ts',
      `describe.runIf(a)('d', () => { it.each([1])('in %s', f); });
      it.skip('s', f); test.skipIf(b)('t', f); it('e', () => { it.runIf(c)('n', f); });
      for (const x of y) it(\`loop \${x}\`, f);
      it('o', { skip: z }, f); it('p', { timeout: 1 }, f); describe('q', { ...z }, () => { it('r', f); });
      it.fails('u', f); it('v', { 'fails': true }, f); it('w', f, 5);`,
    );
    expect(Object.fromEntries(tests)).toEqual({
      d: false,
      'in %s': false,
      s: false,
      t: false,
      e: true,
      n: false,
      'loop …': true,
      o: false,
      p: true,
      q: false,
      r: false,
      u: false,
      v: false,
      w: true,
    });
  });

  it('takes ids of rows from the end of their lines alone', () => {
    const source = 'a | b | c #one\n# | d | e #two x\n@w = x #three\na | b | c#four\na | b | why #one\n';
    expect([...cellIds(source)]).toEqual(['one']);
  });
});

it('docs/threat-model/README.md says what each code says', () => {
  const text = read('docs/threat-model/README.md');
  const rows = [...text.matchAll(/^\| `([a-z_]+)` \| (.*) \|$/gm)].map(([, code, says]) => [code, says]);
  expect(Object.fromEntries(rows)).toEqual(PROBLEMS);
});
