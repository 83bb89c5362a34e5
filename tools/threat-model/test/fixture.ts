// SPDX-License-Identifier: Apache-2.0
import { type Against, checkWorkspace, type Outcome } from '../src/check.ts';
import { LETTERS } from '../src/parties.ts';
import type { Mitigation, Threat, Workspace } from '../src/workspace/model.ts';
import { statementOf } from '../src/workspace/statement.ts';

export const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

type Changed<T> = { -readonly [K in keyof T]: T[K] };
/** A workspace that a test may spoil. */
export interface Fixture extends Changed<Workspace> {
  threats: Changed<Threat>[];
  mitigations: Changed<Mitigation>[];
  mitigationLinks: { mitigationId: string; linkedId: string }[];
  assumptionLinks: { type: 'Mitigation' | 'Threat'; assumptionId: string; linkedId: string }[];
}

export const CHECKED = 'test:a/test/b.test.ts › holds';
export const SCOPE: Against['scope'] = {
  actors: [{ slug: 'thief', name: 'Thief', has: 'a ladder', wants: 'silver' }],
  tiers: [{ slug: 'house', name: 'House', what: 'where the silver is' }],
};

/** The smallest workspace in which nothing is wrong: one threat, one mitigation that is proved, one risk that is accepted. */
export function good(): Fixture {
  const threat: Changed<Threat> = {
    id: uuid(1),
    numericId: 1,
    status: 'threatResolved',
    threatSource: 'thief',
    prerequisites: 'with a ladder',
    threatAction: 'climb in',
    threatImpact: 'less silver',
    impactedGoal: ['confidentiality', 'availability'],
    impactedAssets: ['spoons', 'forks'],
    tags: ['actor:thief', 'tier:house'],
    metadata: [
      { key: 'Priority', value: 'High' },
      { key: 'STRIDE', value: [...LETTERS] },
    ],
  };
  threat.statement = statementOf(threat);
  return {
    schema: 1,
    threats: [threat],
    mitigations: [
      {
        id: uuid(2),
        numericId: 1,
        status: 'mitigationResolved',
        content: 'bars before the window',
        metadata: [{ key: 'custom:check', value: [CHECKED] }],
      },
      {
        id: uuid(3),
        numericId: 2,
        status: 'mitigationResolvedWillNotAction',
        content: 'the door is not barred',
        metadata: [
          { key: 'Comments', value: 'Somebody has to go in and out, and he is known to the neighbours.' },
        ],
      },
    ],
    assumptions: [{ id: uuid(4), numericId: 1, content: 'the wall is of stone' }],
    mitigationLinks: [
      { mitigationId: uuid(2), linkedId: uuid(1) },
      { mitigationId: uuid(3), linkedId: uuid(1) },
    ],
    assumptionLinks: [{ type: 'Threat', assumptionId: uuid(4), linkedId: uuid(1) }],
  };
}

/** Has everything that is named. */
export const REPOSITORY: Against['repository'] = { missing: () => undefined, conditional: () => undefined };

/** Held against a repository that has what is named, and, without other words, a run in which it passed. */
export function check(workspace: Workspace, against: Partial<Against> = {}): Outcome {
  return checkWorkspace(workspace, {
    scope: SCOPE,
    repository: REPOSITORY,
    results: { of: () => 'passed' },
    all: false,
    ...against,
  });
}
