// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type Against, checkWorkspace } from '../src/check.ts';
import { lineOf, PROBLEMS, type ProblemCode } from '../src/problems.ts';
import { readWorkspace } from '../src/workspace/schema.ts';
import { CHECKED, check, type Fixture, good, REPOSITORY, SCOPE, uuid } from './fixture.ts';

type Row = readonly [ProblemCode, string, (workspace: Fixture) => void, Partial<Against>?];
const [SUITE] = ['suite:vm › it boots'];

function first<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined) throw new TypeError('nothing there');
  return item;
}
const threat = ({ threats }: Fixture) => first(threats);
const mitigation = ({ mitigations }: Fixture) => first(mitigations);
const withCheck = (value: string | readonly string[]) => (workspace: Fixture) => {
  mitigation(workspace).metadata = [{ key: 'custom:check', value }];
};
const without = (workspace: Fixture, key: string) => {
  threat(workspace).metadata = threat(workspace).metadata?.filter((one) => one.key !== key) ?? [];
};

/** A fixture for each rule: what is done to a good workspace, and how it is held against the rest. */
const ROWS: readonly Row[] = [
  ['not_for_the_tool', 'another version', (w) => Object.assign(w, { schema: 0.9 })],
  ['not_for_the_tool', 'a brainstorm', (w) => Object.assign(w, { brainstorm: {} })],
  [
    'not_for_the_tool',
    'an image that is no address',
    (w) => Object.assign(w, { architecture: { image: 'file:///x.png' } }),
  ],
  [
    'not_for_the_tool',
    'an image without base64',
    (w) => Object.assign(w, { dataflow: { image: 'data:image/svg+xml,x' } }),
  ],
  [
    'not_for_the_tool',
    'an image too large',
    (w) => Object.assign(w, { dataflow: { image: `data:image/png;base64,${'AAAA'.repeat(250_000)}` } }),
  ],
  ['not_for_the_tool', 'markup', (w) => Object.assign(mitigation(w), { content: 'bars -> window' })],
  ['not_for_the_tool', 'an ampersand in a check', withCheck('test:a/b.ts › this & that')],
  [
    'not_for_the_tool',
    'a template of its own',
    (w) => Object.assign(threat(w), { customTemplate: '[threat_source]' }),
  ],
  ['id_invalid', 'no UUID', (w) => w.mitigations.push({ id: 'x', numericId: 3, content: 'x' })],
  [
    'id_invalid',
    'a UUID of another version',
    (w) => Object.assign(threat(w), { id: '00000000-0000-1000-8000-000000000001' }),
  ],
  ['id_invalid', 'one id for two things', (w) => Object.assign(mitigation(w), { id: uuid(1) })],
  ['number_invalid', 'a number twice', (w) => Object.assign(mitigation(w), { numericId: 2 })],
  ['number_invalid', 'a broken number', (w) => Object.assign(threat(w), { numericId: 1.5 })],
  ['statement_stale', 'a part changed', (w) => Object.assign(threat(w), { threatAction: 'ring the bell' })],
  [
    'link_dangles',
    'a mitigation that is gone',
    (w) => w.mitigationLinks.push({ mitigationId: uuid(9), linkedId: uuid(1) }),
  ],
  [
    'link_dangles',
    'a threat that is gone',
    (w) => w.mitigationLinks.push({ mitigationId: uuid(2), linkedId: uuid(9) }),
  ],
  [
    'link_dangles',
    'an assumption for a mitigation',
    (w) => w.mitigationLinks.push({ mitigationId: uuid(4), linkedId: uuid(1) }),
  ],
  [
    'link_dangles',
    'an assumption that is gone',
    (w) => w.assumptionLinks.push({ type: 'Threat', assumptionId: uuid(9), linkedId: uuid(1) }),
  ],
  [
    'link_dangles',
    'another kind than it says',
    (w) => w.assumptionLinks.push({ type: 'Mitigation', assumptionId: uuid(4), linkedId: uuid(1) }),
  ],
  [
    'link_repeated',
    'a mitigation twice',
    (w) => w.mitigationLinks.push({ mitigationId: uuid(2), linkedId: uuid(1) }),
  ],
  [
    'link_repeated',
    'an assumption twice',
    (w) => w.assumptionLinks.push({ type: 'Threat', assumptionId: uuid(4), linkedId: uuid(1) }),
  ],
  ['mitigation_unused', 'a mitigation without a threat', (w) => w.mitigationLinks.splice(0, 1)],
  ['actor_unknown', 'nobody', (w) => Object.assign(threat(w), { tags: ['tier:house'] })],
  [
    'actor_unknown',
    'somebody else',
    (w) => Object.assign(threat(w), { tags: ['actor:thief', 'actor:ghost', 'tier:house'] }),
  ],
  [
    'actor_without_threat',
    'an actor more',
    () => {},
    { scope: { ...SCOPE, actors: [...SCOPE.actors, { slug: 'fox', name: 'Fox', has: '', wants: '' }] } },
  ],
  ['tier_unknown', 'nowhere', (w) => Object.assign(threat(w), { tags: ['actor:thief'] })],
  [
    'tier_unknown',
    'somewhere else',
    (w) => Object.assign(threat(w), { tags: ['actor:thief', 'tier:house', 'tier:barn'] }),
  ],
  [
    'tier_lacks_stride',
    'a letter less',
    (w) => {
      without(w, 'STRIDE');
      threat(w).metadata = [
        ...(threat(w).metadata ?? []),
        { key: 'STRIDE', value: ['S', 'T', 'R', 'I', 'D'] },
      ];
    },
  ],
  [
    'tier_lacks_stride',
    'a tier more',
    () => {},
    { scope: { ...SCOPE, tiers: [...SCOPE.tiers, { slug: 'barn', name: 'Barn', what: '' }] } },
  ],
  ['threat_incomplete', 'no impact', (w) => Object.assign(threat(w), { threatImpact: ' ' })],
  ['threat_incomplete', 'no assets', (w) => Object.assign(threat(w), { impactedAssets: [] })],
  ['threat_incomplete', 'no priority', (w) => without(w, 'Priority')],
  ['threat_unanswered', 'no mitigation and no risk', (w) => w.mitigationLinks.splice(0, 2)],
  [
    'threat_status',
    'resolved, with a mitigation under way',
    (w) => {
      w.mitigations.push({ id: uuid(5), numericId: 3, content: 'a dog', status: 'mitigationInProgress' });
      w.mitigationLinks.push({ mitigationId: uuid(5), linkedId: uuid(1) });
    },
  ],
  ['threat_status', 'open, with all done', (w) => Object.assign(threat(w), { status: 'threatIdentified' })],
  [
    'threat_status',
    'called not useful',
    (w) => Object.assign(threat(w), { status: 'threatResolvedNotUseful' }),
  ],
  ['high_without_proof', 'accepted alone', (w) => w.mitigationLinks.splice(0, 1)],
  ['high_without_proof', 'a check that failed', () => {}, { results: { of: () => 'failed' } }],
  [
    'high_without_proof',
    'a suite that was not run',
    withCheck(SUITE ?? ''),
    { results: { of: () => undefined } },
  ],
  [
    'mitigation_without_check',
    'resolved without a proof',
    (w) => Object.assign(mitigation(w), { metadata: [] }),
  ],
  ['risk_without_reason', 'no comment', (w) => Object.assign(w.mitigations[1] ?? {}, { metadata: [] })],
  [
    'risk_without_reason',
    'a comment that says nothing',
    (w) => Object.assign(w.mitigations[1] ?? {}, { metadata: [{ key: 'Comments', value: 'accepted' }] }),
  ],
  ['check_malformed', 'another form', withCheck('a/test/b.test.ts › holds')],
  ['check_malformed', 'a path that climbs', withCheck('test:../x › holds')],
  ['check_malformed', 'no title', withCheck('test:a/b.test.ts › ')],
  ['check_malformed', 'one line of two', withCheck(`${CHECKED}\ncell:Not a cell`)],
  [
    'check_conditional',
    'a test of some machines',
    () => {},
    { repository: { ...REPOSITORY, conditional: () => 'is skipped' } },
  ],
  [
    'check_missing',
    'a test that is gone',
    () => {},
    { repository: { ...REPOSITORY, missing: () => 'is not there' } },
  ],
  ['check_not_run', 'a test outside the run', () => {}, { results: { of: () => 'not_run' } }],
  ['check_not_run', 'a run of suites alone', () => {}, { results: { of: () => undefined } }],
  [
    'check_not_run',
    'a suite, where all are asked for',
    withCheck([CHECKED, SUITE ?? '']),
    { all: true, results: { of: ({ kind }) => (kind === 'suite' ? undefined : 'passed') } },
  ],
  ['check_skipped', 'a skipped test', () => {}, { results: { of: () => 'skipped' } }],
  ['check_failed', 'a failed test', () => {}, { results: { of: () => 'failed' } }],
  ['check_failed', 'a failed line of a suite', withCheck(SUITE ?? ''), { results: { of: () => 'failed' } }],
];
/** Held where files are read: by the tests of schema and command. */
const ELSEWHERE: readonly ProblemCode[] = [
  'workspace_unreadable',
  'schema_violation',
  'not_formatted',
  'results_unreadable',
];

describe('a workspace', () => {
  it('in which nothing is wrong has no problem, and is valid by the schema: what follows fails for one thing each', () => {
    expect(check(good())).toEqual({
      problems: [],
      unproved: [],
      counts: { threats: 1, mitigations: 2, proved: 1, accepted: 1, checks: 1 },
    });
    expect(readWorkspace(JSON.stringify(good()))).toHaveProperty('schema', 1);
  });

  it.each(ROWS.map((row) => [row[0], row[1], row] as const))(
    '%s: %s',
    (code, _, [, , spoil, against = {}]) => {
      const workspace = good();
      spoil(workspace);
      const { problems } = check(workspace, against);
      expect(problems.map((one) => one.code)).toContain(code);
    },
  );

  it('has a fixture for every rule', () => {
    const held = new Set([...ROWS.map(([code]) => code), ...ELSEWHERE]);
    expect([...held].toSorted()).toEqual(Object.keys(PROBLEMS).toSorted());
  });
});

describe('checks', () => {
  it('are asked only whether they exist where there are no results', () => {
    expect(checkWorkspace(good(), { scope: SCOPE, repository: REPOSITORY, all: false }).problems).toEqual([]);
    const gone = { ...REPOSITORY, missing: () => 'is not there' };
    const { problems } = checkWorkspace(good(), { scope: SCOPE, repository: gone, all: false });
    expect(problems.map(({ code }) => code)).toEqual(['high_without_proof', 'check_missing']);
  });

  it('of a suite that was not run, or that lacks a tool, are said and no problem', () => {
    for (const verdict of [undefined, 'skipped'] as const) {
      const workspace = good();
      withCheck([CHECKED, SUITE ?? ''])(workspace);
      const second = { id: uuid(6), numericId: 3, content: 'a moat', status: 'mitigationResolved' };
      workspace.mitigations.push({ ...second, metadata: [{ key: 'custom:check', value: CHECKED }] });
      workspace.mitigationLinks.push({ mitigationId: uuid(6), linkedId: uuid(1) });
      const outcome = check(workspace, {
        results: { of: ({ kind }) => (kind === 'suite' ? verdict : 'passed') },
      });
      expect(outcome.problems).toEqual([]);
      expect(outcome.unproved).toEqual([expect.stringContaining('M-0001: suite:vm › it boots')]);
      expect(outcome.counts.proved).toBe(1);
    }
  });

  it('may be one to a line of text, as the tool has it, or a list', () => {
    const workspace = good();
    withCheck(`${CHECKED}\n\n  cell:moat \n`)(workspace);
    expect(check(workspace).counts.checks).toBe(2);
  });
});

it('a problem is one line, whatever the file brings into it', () => {
  expect(lineOf({ code: 'check_malformed', at: 'M-0001: a\nb', what: 'is\u001b[2Jnone' })).toBe(
    'check_malformed: M-0001: a b: is [2Jnone',
  );
});
