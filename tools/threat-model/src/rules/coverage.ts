// SPDX-License-Identifier: Apache-2.0
import { type Actor, LETTERS, STRIDE, type Tier } from '../parties.ts';
import type { Problem } from '../problems.ts';
import { label, type Threat, tagged, valuesOf, type Workspace } from '../workspace/model.ts';

/** Who and what must have been thought of. */
export interface Scope {
  readonly actors: readonly Actor[];
  readonly tiers: readonly Tier[];
}

/** Threats that say too little of themselves; actors without a threat; of a tier, kinds of threat that nobody thought of. */
export function coverageProblems({ threats = [] }: Workspace, { actors, tiers }: Scope): readonly Problem[] {
  return [
    ...threats.flatMap((threat) => [
      ...named(threat, 'actor', actors, 'actor_unknown'),
      ...named(threat, 'tier', tiers, 'tier_unknown'),
      ...complete(threat),
    ]),
    ...actors
      .filter(({ slug }) => !threats.some((threat) => tagged(threat, 'actor').includes(slug)))
      .map(
        ({ slug }): Problem => ({ code: 'actor_without_threat', at: slug, what: 'no threat has its tag' }),
      ),
    ...tiers.flatMap(({ slug }) =>
      LETTERS.filter((letter) => cell(threats, slug, letter).length === 0).map(
        (letter): Problem => ({
          code: 'tier_lacks_stride',
          at: slug,
          what: `nothing of ${STRIDE[letter]} (${letter})`,
        }),
      ),
    ),
  ];
}

/** Threats of one kind to one tier: a cell of the matrix of STRIDE. */
export function cell(threats: readonly Threat[], tier: string, letter: string): readonly Threat[] {
  return threats.filter(
    (threat) => tagged(threat, 'tier').includes(tier) && valuesOf(threat, 'STRIDE').includes(letter),
  );
}

function named(
  threat: Threat,
  prefix: string,
  known: readonly { readonly slug: string }[],
  code: 'actor_unknown' | 'tier_unknown',
): readonly Problem[] {
  const slugs = tagged(threat, prefix);
  const at = label('T', threat);
  if (slugs.length === 0) return [{ code, at, what: `has no tag ${prefix}:…` }];
  return slugs
    .filter((slug) => !known.some((one) => one.slug === slug))
    .map((slug) => ({ code, at, what: `${prefix}:${slug} is not in the list` }));
}

function complete(threat: Threat): readonly Problem[] {
  const {
    threatSource,
    prerequisites,
    threatAction,
    threatImpact,
    impactedGoal = [],
    impactedAssets = [],
  } = threat;
  const parts = { threatSource, prerequisites, threatAction, threatImpact };
  const lacks = [
    ...Object.entries(parts).flatMap(([name, value]) =>
      value === undefined || value.trim() === '' ? [name] : [],
    ),
    ...(impactedGoal.length === 0 ? ['impactedGoal'] : []),
    ...(impactedAssets.length === 0 ? ['impactedAssets'] : []),
    ...(valuesOf(threat, 'Priority').length === 1 ? [] : ['Priority']),
    ...(valuesOf(threat, 'STRIDE').length === 0 ? ['STRIDE'] : []),
  ];
  if (lacks.length === 0) return [];
  return [{ code: 'threat_incomplete', at: label('T', threat), what: `lacks ${lacks.join(', ')}` }];
}
