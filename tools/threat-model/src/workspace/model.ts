// SPDX-License-Identifier: Apache-2.0

/** A workspace of Threat Composer, as far as it is used here; ../../schema says the rest. */
export interface Workspace {
  readonly schema: number;
  readonly applicationInfo?: { readonly name?: string; readonly description?: string };
  readonly architecture?: Drawing;
  readonly dataflow?: Drawing;
  readonly assumptions?: readonly Assumption[];
  readonly mitigations?: readonly Mitigation[];
  readonly assumptionLinks?: readonly AssumptionLink[];
  readonly mitigationLinks?: readonly MitigationLink[];
  readonly threats?: readonly Threat[];
}

export interface Drawing {
  readonly description?: string;
  /** URL, or data URL. */
  readonly image?: string;
}

export interface Entity {
  readonly id: string;
  readonly numericId: number;
  readonly displayOrder?: number;
  readonly metadata?: readonly Metadata[];
  readonly tags?: readonly string[];
}

export interface Metadata {
  readonly key: string;
  readonly value: string | readonly string[];
}

export interface Assumption extends Entity {
  readonly content: string;
}

export interface Mitigation extends Entity {
  readonly content: string;
  readonly status?: string;
}

export interface Threat extends Entity {
  readonly threatSource?: string;
  readonly prerequisites?: string;
  readonly threatAction?: string;
  readonly threatImpact?: string;
  readonly impactedGoal?: readonly string[];
  readonly impactedAssets?: readonly string[];
  readonly statement?: string;
  readonly customTemplate?: string;
  readonly status?: string;
}

export interface AssumptionLink {
  readonly type: 'Mitigation' | 'Threat';
  readonly assumptionId: string;
  readonly linkedId: string;
}

export interface MitigationLink {
  readonly mitigationId: string;
  readonly linkedId: string;
}

/** Status of a mitigation, as the tool calls it. */
export const MITIGATION = {
  identified: 'mitigationIdentified',
  inProgress: 'mitigationInProgress',
  resolved: 'mitigationResolved',
  /** An accepted risk: it says what is not done, and its comment why. */
  accepted: 'mitigationResolvedWillNotAction',
} as const;

/** Status of a threat, as the tool calls it. */
export const THREAT = { open: 'threatIdentified', resolved: 'threatResolved' } as const;

/** `T-0007`, as the tool shows it. */
export function label(kind: 'A' | 'M' | 'T', { numericId }: Entity): string {
  return `${kind}-${String(numericId).padStart(4, '0')}`;
}

/** All values under a key, one for each line of text or member of a list. */
export function valuesOf({ metadata = [] }: Entity, key: string): readonly string[] {
  return metadata
    .filter((one) => one.key === key)
    .flatMap(({ value }) => (typeof value === 'string' ? value.split('\n') : value))
    .map((value) => value.trim())
    .filter((value) => value !== '');
}

/** The comment of the tool, which is Markdown; empty where there is none. */
export function commentOf({ metadata = [] }: Entity): string {
  const value = metadata.find(({ key }) => key === 'Comments')?.value;
  return typeof value === 'string' ? value.trim() : '';
}

/** What follows `prefix:` in the tags. */
export function tagged({ tags = [] }: Entity, prefix: string): readonly string[] {
  return tags.filter((tag) => tag.startsWith(`${prefix}:`)).map((tag) => tag.slice(prefix.length + 1));
}

/** Mitigations of a threat, in their numbers' order. */
export function mitigationsOf(workspace: Workspace, threat: Threat): readonly Mitigation[] {
  const linked = new Set(
    (workspace.mitigationLinks ?? [])
      .filter(({ linkedId }) => linkedId === threat.id)
      .map(({ mitigationId }) => mitigationId),
  );
  return (workspace.mitigations ?? [])
    .filter(({ id }) => linked.has(id))
    .toSorted((a, b) => a.numericId - b.numericId);
}
