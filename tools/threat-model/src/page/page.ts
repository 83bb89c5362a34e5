// SPDX-License-Identifier: Apache-2.0
import type { Model } from '../model.ts';
import { ACTORS, LETTERS, STRIDE, TIERS } from '../parties.ts';
import { CHECK } from '../rules/answers.ts';
import { cell as ofKind } from '../rules/coverage.ts';
import {
  commentOf,
  type Mitigation,
  mitigationsOf,
  type Threat,
  tagged,
  valuesOf,
  type Workspace,
} from '../workspace/model.ts';
import { mermaidOf } from './drawing.ts';
import { STATES, type State, stateOf } from './state.ts';
import { anchor, anchored, isAccepted, isHigh, nameOf, table, threatLinks, threatsOf } from './words.ts';

const PRIORITIES = ['High', 'Medium', 'Low'] as const;

/** The text of docs/threat-model.md. */
export function threatModelPage({ workspace, drawings }: Model): string {
  const {
    threats = [],
    mitigations = [],
    assumptions = [],
    applicationInfo,
    architecture,
    dataflow,
  } = workspace;
  const accepted = mitigations.filter(isAccepted);
  const checks = new Set(mitigations.flatMap((one) => valuesOf(one, CHECK)));
  return `<!-- written by npm run docs from docs/threat-model -->
# Threat model

Who attacks the vault, what stops him, which test would fail if it did not, and what is left. ${threats.length} threats by ${ACTORS.length} actors to ${TIERS.length} tiers; ${mitigations.length - accepted.length} mitigations, held by ${checks.size} checks; ${accepted.length} accepted risks.

The source is a workspace of [Threat Composer](https://github.com/awslabs/threat-composer), \`docs/threat-model/enclave-vault.tc.json\`: import it there to read or edit it. [How it is kept, and what is checked](threat-model/README.md); [why so](adr/0029-executable-threat-model.md).
A mitigation counts as resolved when it names its proof. \`npm test\` and \`enclave-vault threat-model check\` fail when a named check does not exist, was skipped or failed, when a threat of high priority has no proven mitigation, or when an actor, a tier or a threat is left without an answer.

[State](#state) · [Accepted risks](#accepted-risks) · [The system](#the-system) · [Actors](#actors) · [STRIDE by tier](#stride-by-tier) · [Assumptions](#assumptions) · [Threats](#threats-by-actor) · [Mitigations and their proofs](threat-model/mitigations.md)

## State
${table(['priority', ...Object.keys(STATES), 'all'], stateRows(workspace))}

${Object.entries(STATES)
  .map(([state, meaning]) => `- *${state}*: ${meaning}`)
  .join('\n')}

## Accepted risks
Nothing here is overlooked, and none of it is a vulnerability by itself.

${table(
  ['', 'accepted', 'because', 'threats'],
  accepted.map((one) => [
    anchored('M', one),
    `**${nameOf(one)}.** ${one.content}`,
    commentOf(one),
    threatLinks(threatsOf(workspace, one)),
  ]),
)}

## The system
${applicationInfo?.description ?? ''}

### Architecture
${fenced(mermaidOf(drawings.architecture))}

${architecture?.description ?? ''}

### Data flow
${fenced(mermaidOf(drawings.dataflow))}

${dataflow?.description ?? ''}

## Actors
${table(
  ['actor', 'has', 'wants', 'threats', 'of them high'],
  ACTORS.map(({ slug, name, has, wants }) => {
    const own = ofActor(threats, slug);
    return [
      `[${name}](#${headingOf(name)})`,
      has,
      wants,
      String(own.length),
      String(own.filter(isHigh).length),
    ];
  }),
)}

## STRIDE by tier
What was thought of for each part. Threats of high priority in bold.

${table(
  ['tier', ...LETTERS.map((letter) => STRIDE[letter])],
  TIERS.map(({ slug, name, what }) => [
    `**${name}**: ${what}`,
    ...LETTERS.map((letter) => threatLinks(ofKind(threats, slug, letter))),
  ]),
)}

## Assumptions
What must be so for the rest to hold. Nothing here is tested.

${table(
  ['', 'assumed', 'for'],
  assumptions.map((one) => [anchored('A', one), one.content, assumedFor(workspace, one.id)]),
)}

## Threats by actor
${ACTORS.map(({ slug, name, has, wants }) => {
  const own = ofActor(threats, slug);
  return `### ${name}
Has ${has}. Wants ${wants}.

${table(
  ['', 'threat', 'priority', 'kind', 'state', 'answers'],
  own.map((one) => threatRow(workspace, one, slug)),
)}`;
}).join('\n\n')}
`;
}

function stateRows(workspace: Workspace): readonly (readonly string[])[] {
  const { threats = [] } = workspace;
  const states = Object.keys(STATES) as readonly State[];
  const row = (name: string, of: readonly Threat[]) => [
    name,
    ...states.map((state) => String(of.filter((one) => stateOf(workspace, one) === state).length)),
    String(of.length),
  ];
  return [
    ...PRIORITIES.map((priority) =>
      row(
        priority,
        threats.filter((one) => valuesOf(one, 'Priority').includes(priority)),
      ),
    ),
    row('all', threats),
  ];
}

function threatRow(workspace: Workspace, threat: Threat, actor: string): readonly string[] {
  const [first] = ACTORS.filter(({ slug }) => tagged(threat, 'actor').includes(slug));
  const comment = commentOf(threat);
  const letters = valuesOf(threat, 'STRIDE').join('');
  const tiers = tagged(threat, 'tier').join(', ');
  return [
    // Where several actors have a threat, links lead to the first.
    first?.slug === actor ? anchored('T', threat) : threatLinks([threat]),
    `${threat.statement}.${comment === '' ? '' : ` *${comment}*`}`,
    valuesOf(threat, 'Priority').join(''),
    `${letters}: ${tiers}`,
    stateOf(workspace, threat),
    answers(mitigationsOf(workspace, threat)),
  ];
}

/** Names of what answers a threat; risks that are accepted come last. */
function answers(all: readonly Mitigation[]): string {
  const link = (one: Mitigation, page: string) => `[${nameOf(one)}](${page}#${anchor('M', one)})`;
  const risks = all.filter(isAccepted).map((one) => link(one, ''));
  return [
    ...all.filter((one) => !isAccepted(one)).map((one) => link(one, 'threat-model/mitigations.md')),
    ...(risks.length === 0 ? [] : [`*accepted:* ${risks.join('; ')}`]),
  ].join('; ');
}

const ofActor = (threats: readonly Threat[], slug: string) =>
  threats.filter((threat) => tagged(threat, 'actor').includes(slug));

function assumedFor(workspace: Workspace, id: string): string {
  const { threats = [], mitigations = [], assumptionLinks = [] } = workspace;
  const linked = new Set(
    assumptionLinks.filter(({ assumptionId }) => assumptionId === id).map((one) => one.linkedId),
  );
  const links = [
    threatLinks(threats.filter((one) => linked.has(one.id))),
    answers(mitigations.filter((one) => linked.has(one.id))),
  ];
  return links.filter((text) => text !== '').join('; ');
}

const headingOf = (name: string) => name.toLowerCase().replaceAll(' ', '-');
const fenced = (code: string) => `\`\`\`mermaid\n${code}\n\`\`\``;
