// SPDX-License-Identifier: Apache-2.0

import { WHOLE } from '../checks/check.ts';
import type { Model } from '../model.ts';
import { CHECK } from '../rules/answers.ts';
import { commentOf, MITIGATION, type Mitigation, valuesOf, type Workspace } from '../workspace/model.ts';
import { anchored, isAccepted, nameOf, threatLinks, threatsOf } from './words.ts';

/** The text of docs/threat-model/mitigations.md. */
export function mitigationsPage({ workspace }: Model): string {
  const built = (workspace.mitigations ?? []).filter((one) => !isAccepted(one));
  return `<!-- written by npm run docs from docs/threat-model -->
# Mitigations and their proofs

What answers the threats of [the threat model](../threat-model.md), and the checks that would fail if it did not. ${built.length} of them; accepted risks are [there](../threat-model.md#accepted-risks). Titles are as they stand in the sources: \`%s\` and \`…\` are filled in for each case.

${built.map((one) => section(workspace, one)).join('\n\n')}
`;
}

function section(workspace: Workspace, mitigation: Mitigation): string {
  const unfinished = mitigation.status === MITIGATION.resolved ? '' : '*Not finished.* ';
  const comment = commentOf(mitigation);
  const checks = valuesOf(mitigation, CHECK).map((check) => `- ${checkText(check)}`);
  return [
    `**${anchored('M', mitigation)}: ${nameOf(mitigation)}.** ${unfinished}${mitigation.content}${comment === '' ? '' : ` *${comment}*`} Answers ${threatLinks(threatsOf(workspace, mitigation), '../threat-model.md')}.`,
    ...(checks.length === 0 ? [] : ['', ...checks]),
  ].join('\n');
}

/** As docs/security.md names tests. */
function checkText(check: string): string {
  const [, form = '', rest = ''] = /^(\w+):(.*)$/.exec(check) ?? [];
  const [where = '', title] = rest.split(' › ');
  if (title === undefined) return `policy cells \`#${where}\` of \`infra/test/proofs/cells.ts\``;
  if (title === WHOLE) return `\`tests/heavy/${where}.sh\`, all of it`;
  const place = form === 'suite' ? `\`tests/heavy/${where}.sh\`` : `\`${where}\``;
  return `${place} › "${title.replaceAll(/[*_]/g, '\\$&')}"`;
}
