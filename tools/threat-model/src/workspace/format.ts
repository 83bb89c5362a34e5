// SPDX-License-Identifier: Apache-2.0
import type { Drawing, Entity, Threat, Workspace } from './model.ts';
import { statementOf } from './statement.ts';

/** Members in the order in which a person reads them; others follow by name. */
const ORDER = [
  ...['schema', 'applicationInfo', 'architecture', 'dataflow', 'assumptions', 'threats', 'mitigations'],
  ...['mitigationLinks', 'assumptionLinks'],
  ...['id', 'numericId', 'displayOrder', 'status', 'name', 'type', 'key', 'value', 'content', 'statement'],
  ...['threatSource', 'prerequisites', 'threatAction', 'threatImpact', 'impactedGoal', 'impactedAssets'],
  ...['tags', 'metadata', 'mitigationId', 'assumptionId', 'linkedId', 'description', 'image'],
];
/** Of metadata: what is read first comes first. */
const KEYS = ['Priority', 'STRIDE', 'Comments'];

/** Drawings that go into the workspace, as SVG. */
export interface Drawings {
  readonly architecture: string;
  readonly dataflow: string;
}

/**
 * The file as it is kept: things in the order of their numbers, links in that of what they link, members in one order, a line for each
 * value. Statements are written anew from their parts, and drawings from their sources; so what was edited in the tool is all that differs.
 */
export function format(workspace: Workspace, drawings: Drawings): string {
  const numbers = new Map(
    [...(workspace.threats ?? []), ...(workspace.mitigations ?? []), ...(workspace.assumptions ?? [])].map(
      ({ id, numericId }) => [id, numericId],
    ),
  );
  const number = (id: string) => numbers.get(id) ?? Number.MAX_SAFE_INTEGER;
  const { architecture = {}, dataflow = {} } = workspace;
  const kept = {
    ...workspace,
    architecture: drawn(architecture, drawings.architecture),
    dataflow: drawn(dataflow, drawings.dataflow),
    assumptions: (workspace.assumptions ?? []).map(tidy).toSorted(byNumber),
    mitigations: (workspace.mitigations ?? []).map(tidy).toSorted(byNumber),
    threats: (workspace.threats ?? []).map((one) => statedAnew(tidy(one))).toSorted(byNumber),
    mitigationLinks: (workspace.mitigationLinks ?? []).toSorted(
      (a, b) =>
        number(a.linkedId) - number(b.linkedId) ||
        number(a.mitigationId) - number(b.mitigationId) ||
        text(a.linkedId + a.mitigationId, b.linkedId + b.mitigationId),
    ),
    assumptionLinks: (workspace.assumptionLinks ?? []).toSorted(
      (a, b) =>
        number(a.assumptionId) - number(b.assumptionId) ||
        text(a.type, b.type) ||
        number(a.linkedId) - number(b.linkedId) ||
        text(a.linkedId, b.linkedId),
    ),
  };
  return `${JSON.stringify(ordered(kept), null, 2)}\n`;
}

const byNumber = (a: Entity, b: Entity) => a.numericId - b.numericId;
const text = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function drawn({ image: _, ...rest }: Drawing, svg: string): Drawing {
  return { ...rest, image: `data:image/svg+xml;base64,${Buffer.from(svg, 'utf8').toString('base64')}` };
}

/** `displayedStatement` is what older versions of the tool left in files: it makes it anew at each import. */
function statedAnew(threat: Threat): Threat {
  const { displayedStatement: _, ...rest } = threat as Threat & { readonly displayedStatement?: unknown };
  return { ...rest, statement: statementOf(threat) };
}

function tidy<T extends Entity>(entity: T): T {
  const rank = (key: string) => (KEYS.includes(key) ? KEYS.indexOf(key) : KEYS.length);
  const metadata = (entity.metadata ?? []).toSorted(
    (a, b) => rank(a.key) - rank(b.key) || text(a.key, b.key),
  );
  const tags = [...new Set(entity.tags ?? [])].toSorted();
  return {
    ...entity,
    ...(entity.metadata === undefined ? {} : { metadata }),
    ...(entity.tags === undefined ? {} : { tags }),
  };
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const rank = (name: string) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => rank(a) - rank(b) || text(a, b))
      .map(([name, member]) => [name, ordered(member)]),
  );
}
