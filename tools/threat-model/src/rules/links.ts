// SPDX-License-Identifier: Apache-2.0
import type { Problem } from '../problems.ts';
import { type Entity, label, type Workspace } from '../workspace/model.ts';

/** Links that lead nowhere, to the wrong kind, or are there twice; mitigations that nothing leads to. */
export function linkProblems(workspace: Workspace): readonly Problem[] {
  const { threats = [], mitigations = [], assumptions = [] } = workspace;
  const { mitigationLinks = [], assumptionLinks = [] } = workspace;
  const ids = (entities: readonly Entity[]) => new Set(entities.map(({ id }) => id));
  const [isThreat, isMitigation, isAssumption] = [ids(threats), ids(mitigations), ids(assumptions)];
  const dangling: Problem[] = [];
  const demand = (known: ReadonlySet<string>, id: string, at: string, what: string) => {
    if (!known.has(id)) dangling.push({ code: 'link_dangles', at, what: `${id} is no ${what}` });
  };
  for (const [index, { mitigationId, linkedId }] of mitigationLinks.entries()) {
    demand(isMitigation, mitigationId, `/mitigationLinks/${index}`, 'mitigation');
    demand(isThreat, linkedId, `/mitigationLinks/${index}`, 'threat');
  }
  for (const [index, { type, assumptionId, linkedId }] of assumptionLinks.entries()) {
    demand(isAssumption, assumptionId, `/assumptionLinks/${index}`, 'assumption');
    const [known, what] = type === 'Threat' ? [isThreat, 'threat'] : [isMitigation, 'mitigation'];
    demand(known, linkedId, `/assumptionLinks/${index}`, what);
  }
  const used = new Set(mitigationLinks.map(({ mitigationId }) => mitigationId));
  return [
    ...dangling,
    ...repeated(
      mitigationLinks.map((one) => `${one.mitigationId} ${one.linkedId}`),
      '/mitigationLinks',
    ),
    ...repeated(
      assumptionLinks.map((one) => `${one.assumptionId} ${one.linkedId}`),
      '/assumptionLinks',
    ),
    ...mitigations
      .filter(({ id }) => !used.has(id))
      .map(
        (one): Problem => ({
          code: 'mitigation_unused',
          at: label('M', one),
          what: 'no threat is linked to it',
        }),
      ),
  ];
}

function repeated(pairs: readonly string[], at: string): readonly Problem[] {
  return pairs.flatMap((pair, index) =>
    pairs.indexOf(pair) === index
      ? []
      : [{ code: 'link_repeated', at: `${at}/${index}`, what: 'is there before' }],
  );
}
