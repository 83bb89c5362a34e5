// SPDX-License-Identifier: Apache-2.0
import {
  type Entity,
  label,
  MITIGATION,
  type Mitigation,
  type Threat,
  valuesOf,
  type Workspace,
} from '../workspace/model.ts';

/** Kinds of things, as the tool's labels begin. */
type Kind = 'A' | 'M' | 'T';

/** `t-0007`, by which links name a thing. */
export const anchor = (kind: Kind, entity: Entity) => label(kind, entity).toLowerCase();
/** `T7`: enough on a page. */
export const short = (kind: Kind, { numericId }: Entity) => `${kind}${numericId}`;
export const anchored = (kind: Kind, entity: Entity) =>
  `<a id="${anchor(kind, entity)}"></a>${short(kind, entity)}`;

/** Short name of a mitigation, which the tool does not show; its number where it has none. */
export const nameOf = (mitigation: Mitigation) =>
  valuesOf(mitigation, 'custom:name')[0] ?? short('M', mitigation);
export const isAccepted = ({ status }: Mitigation) => status === MITIGATION.accepted;
export const isHigh = (threat: Threat) => valuesOf(threat, 'Priority').includes('High');

export const threatsOf = ({ threats = [], mitigationLinks = [] }: Workspace, { id }: Mitigation) =>
  threats.filter((threat) =>
    mitigationLinks.some((one) => one.mitigationId === id && one.linkedId === threat.id),
  );

/** Threats by number, those of high priority in bold. @param page where they are; empty for the same */
export function threatLinks(threats: readonly Threat[], page = ''): string {
  return threats
    .map((one) => {
      const link = `[${short('T', one)}](${page}#${anchor('T', one)})`;
      return isHigh(one) ? `**${link}**` : link;
    })
    .join(', ');
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((one) => one.replaceAll('|', '\\|').replaceAll('\n', '<br>')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}
