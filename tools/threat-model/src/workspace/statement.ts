// SPDX-License-Identifier: Apache-2.0
import type { Threat } from './model.ts';

/**
 * The sentence that the tool makes of a threat's parts (schema, `statement`): "A source prerequisites can action, which leads to impact,
 * resulting in reduced goal of assets". Impact, goal and assets may lack; who writes one here names the first three.
 */
export function statementOf(threat: Threat): string {
  const { threatSource = '', prerequisites = '', threatAction = '', threatImpact = '' } = threat;
  const { impactedGoal = [], impactedAssets = [] } = threat;
  const article = /^[aeiou]/i.test(threatSource) ? 'An' : 'A';
  const impact = threatImpact === '' ? '' : `, which leads to ${threatImpact}`;
  const goal = impactedGoal.length === 0 ? '' : `, resulting in reduced ${list(impactedGoal, 'and/or')}`;
  const assets =
    impactedAssets.length === 0
      ? ''
      : `${goal === '' ? ', negatively impacting' : ' of'} ${list(impactedAssets, 'and')}`;
  return `${article} ${threatSource} ${prerequisites} can ${threatAction}${impact}${goal}${assets}`.replace(
    /\s\s+/g,
    ' ',
  );
}

function list(items: readonly string[], last: string): string {
  const [end = '', ...rest] = items.toReversed();
  return rest.length === 0 ? end : `${rest.toReversed().join(', ')} ${last} ${end}`;
}
