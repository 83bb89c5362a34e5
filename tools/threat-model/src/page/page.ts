// SPDX-License-Identifier: Apache-2.0
import type { Model } from '../model.ts';
import { ACTORS, LETTERS, STRIDE, TIERS } from '../parties.ts';
import { CHECK } from '../rules/answers.ts';
import { cell as ofKind } from '../rules/coverage.ts';
import {
  commentOf,
  type Entity,
  label,
  MITIGATION,
  type Mitigation,
  mitigationsOf,
  type Threat,
  tagged,
  valuesOf,
  type Workspace,
} from '../workspace/model.ts';
import { mermaidOf } from './drawing.ts';
import { STATES, type State, stateOf } from './state.ts';

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
  const accepted = mitigations.filter(({ status }) => status === MITIGATION.accepted);
  const checks = new Set(mitigations.flatMap((one) => valuesOf(one, CHECK)));
  return `<!-- written by npm run docs from docs/threat-model -->
# Threat model

Who attacks the vault, what stops him, which test would fail if it did not, and what is left. ${threats.length} threats by ${ACTORS.length} actors to ${TIERS.length} tiers; ${mitigations.length - accepted.length} mitigations, held by ${checks.size} checks; ${accepted.length} accepted risks.

The source is a workspace of [Threat Composer](https://github.com/awslabs/threat-composer), \`docs/threat-model/enclave-vault.tc.json\`: import it there to read or edit it. [How it is kept, and what is checked](threat-model/README.md); [why so](adr/0029-executable-threat-model.md).
A mitigation counts as resolved when it names its proof. \`npm test\` and \`enclave-vault threat-model check\` fail when a named check does not exist, was skipped or failed, when a threat of high priority has no proven mitigation, or when an actor, a tier or a threat is left without an answer.

[State](#state) · [Accepted risks](#accepted-risks) · [The system](#the-system) · [Actors](#actors) · [STRIDE by tier](#stride-by-tier) · [Assumptions](#assumptions) · [Threats](#threats-by-actor) · [Mitigations](#mitigations)

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
    one.content,
    commentOf(one),
    linksTo('T', threatsOf(workspace, one)),
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
      `[${name}](#${anchorOf(name)})`,
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
    ...LETTERS.map((letter) => linksTo('T', ofKind(threats, slug, letter))),
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

## Mitigations
${mitigations
  .filter(({ status }) => status !== MITIGATION.accepted)
  .map((one) => mitigationText(workspace, one))
  .join('\n')}
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
    first?.slug === actor ? anchored('T', threat) : linksTo('T', [threat]),
    `${threat.statement}.${comment === '' ? '' : ` *${comment}*`}`,
    valuesOf(threat, 'Priority').join(''),
    `${letters}: ${tiers}`,
    stateOf(workspace, threat),
    linksTo('M', mitigationsOf(workspace, threat)),
  ];
}

function mitigationText(workspace: Workspace, mitigation: Mitigation): string {
  const state = mitigation.status === MITIGATION.resolved ? '' : ' *(not finished)*';
  const comment = commentOf(mitigation);
  const checks = valuesOf(mitigation, CHECK).map((check) => `  - ${checkText(check)}`);
  return [
    `- ${anchored('M', mitigation)}${state} ${mitigation.content}${comment === '' ? '' : ` *${comment}*`} (${linksTo('T', threatsOf(workspace, mitigation))})`,
    ...checks,
  ].join('\n');
}

/** As docs/security.md names tests. */
function checkText(check: string): string {
  const [, form = '', rest = ''] = /^(\w+):(.*)$/.exec(check) ?? [];
  const [where = '', title] = rest.split(' › ');
  if (title === undefined) return `policy cell \`#${where}\` of \`infra/test/proofs/cells.ts\``;
  const place = form === 'suite' ? `\`tests/heavy/${where}.sh\`` : `\`${where}\``;
  return `${place} › "${markdown(title)}"`;
}

const isHigh = (threat: Threat) => valuesOf(threat, 'Priority').includes('High');
const ofActor = (threats: readonly Threat[], slug: string) =>
  threats.filter((threat) => tagged(threat, 'actor').includes(slug));
const threatsOf = ({ threats = [], mitigationLinks = [] }: Workspace, { id }: Mitigation) =>
  threats.filter((threat) =>
    mitigationLinks.some((one) => one.mitigationId === id && one.linkedId === threat.id),
  );

function assumedFor({ threats = [], mitigations = [], assumptionLinks = [] }: Workspace, id: string): string {
  const linked = new Set(
    assumptionLinks.filter(({ assumptionId }) => assumptionId === id).map((one) => one.linkedId),
  );
  const links = [
    linksTo(
      'T',
      threats.filter((one) => linked.has(one.id)),
    ),
    linksTo(
      'M',
      mitigations.filter((one) => linked.has(one.id)),
    ),
  ];
  return links.filter((text) => text !== '').join(', ');
}

const anchorOf = (name: string) => name.toLowerCase().replaceAll(' ', '-');
const anchored = (kind: 'A' | 'M' | 'T', entity: Entity) =>
  `<a id="${label(kind, entity).toLowerCase()}"></a>${short(kind, entity)}`;

/** `T7`: enough on a page. */
const short = (kind: string, { numericId }: Entity) => `${kind}${numericId}`;

function linksTo(kind: 'M' | 'T', entities: readonly (Entity & Partial<Threat>)[]): string {
  return entities
    .map((one) => {
      const link = `[${short(kind, one)}](#${label(kind, one).toLowerCase()})`;
      return kind === 'T' && isHigh(one) ? `**${link}**` : link;
    })
    .join(', ');
}

const fenced = (code: string) => `\`\`\`mermaid\n${code}\n\`\`\``;
const markdown = (text: string) => text.replaceAll('*', '\\*').replaceAll('_', '\\_');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((one) => one.replaceAll('|', '\\|').replaceAll('\n', '<br>')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}
