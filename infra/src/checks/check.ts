// SPDX-License-Identifier: Apache-2.0
import type { DeployConfig } from '../config/deploy.ts';
import type { Template, TemplateResource } from '../synthesize.ts';

/** A template that is checked, and what it was made for. */
export interface Subject {
  /** Id of the stage. */
  readonly stage: string;
  /** Whether nothing of the stack is ever deleted by `npm run destroy`. */
  readonly kept: boolean;
  readonly config: DeployConfig;
  readonly template: Template;
}

/** What is wrong with one resource. Of the template as a whole, the resource is ''. */
export interface Finding {
  readonly resource: string;
  readonly reason: string;
}

/**
 * Something that no template of ours may have. Checks read the JSON that CloudFormation gets, by resource type: what a
 * construct hides from its caller is in there too.
 */
export interface Check {
  /** Short and stable: tests, messages and the page name it. */
  readonly id: string;
  /** What is refused, for people. */
  readonly refuses: string;
  /** Why, for people. */
  readonly because: string;
  readonly find: (subject: Subject) => Iterable<Finding>;
}

export type Json = Readonly<Record<string, unknown>>;

/** A resource in its template. */
export interface Placed {
  readonly id: string;
  readonly type: string;
  readonly properties: Json;
  readonly resource: TemplateResource;
}

/** Resources of a template; with types, of these alone. */
export function resourcesOf({ template }: Subject, ...types: readonly string[]): readonly Placed[] {
  return Object.entries(template.Resources)
    .filter(([, { Type }]) => types.length === 0 || types.includes(Type))
    .map(([id, resource]) => ({ id, type: resource.Type, properties: resource.Properties ?? {}, resource }));
}

/** A check that looks at the resources of some types, one by one. */
export function onTypes(
  types: readonly string[],
  judge: (properties: Json, placed: Placed, subject: Subject) => Iterable<string>,
): Check['find'] {
  return function* find(subject) {
    for (const placed of resourcesOf(subject, ...types)) {
      for (const reason of judge(placed.properties, placed, subject)) yield { resource: placed.id, reason };
    }
  };
}

/** The value at a path of members, or undefined where there is none. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((found, member) => (isObject(found) ? found[member] : undefined), value);
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A list as it is; one value, which JSON of AWS often has in place of a list of one, as such a list. */
export function many(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** Every value in a value, with the names of members and indices that lead to it. */
export function* walk(value: unknown, path: readonly string[] = []): Generator<[readonly string[], unknown]> {
  yield [path, value];
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) yield* walk(member, [...path, name]);
}
