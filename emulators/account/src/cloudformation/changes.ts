// SPDX-License-Identifier: Apache-2.0
import { handlerOf } from '../handlers/index.ts';
import { canonical, type JsonObject } from '../json.ts';
import type { World } from '../world.ts';
import { referencesOf } from './intrinsics.ts';
import type { Change, Stack, StackResource } from './stack.ts';
import { order, type Template, type TemplateResource } from './template.ts';

/**
 * What a template changes of a stack, as a change set says it beforehand. Attributes beside the properties (DeletionPolicy,
 * Metadata, …) are no change of their own (User Guide, "DeletionPolicy attribute").
 * @param world for a drift-aware change set, which also finds properties of the template that are others there
 */
export function changesOf(stack: Stack, template: Template, world?: World): readonly Change[] {
  const before = stack.template;
  const changed = new Map<string, Change>();
  for (const resource of order(template.resources, 'template')) {
    const change = changeOf(before?.resources.get(resource.logicalId), resource, stack, changed, world);
    if (change !== null) changed.set(resource.logicalId, change);
  }
  const removed = [...(before?.resources.values() ?? [])]
    .filter(({ logicalId }) => !template.resources.has(logicalId))
    .map(({ logicalId, type }): Change => {
      const physicalId = stack.resources.get(logicalId)?.thing.id;
      return { action: 'Remove', logicalId, type, physicalId, replacement: undefined, properties: [] };
    });
  return [...changed.values(), ...removed];
}

function changeOf(
  before: TemplateResource | undefined,
  { logicalId, type, properties, dependsOn }: TemplateResource,
  stack: Stack,
  changed: ReadonlyMap<string, Change>,
  world: World | undefined,
): Change | null {
  if (before === undefined) {
    return { action: 'Add', logicalId, type, physicalId: undefined, replacement: undefined, properties: [] };
  }
  const names = [...new Set([...Object.keys(before.properties), ...Object.keys(properties)])];
  const present = stack.resources.get(logicalId);
  const drifted = present === undefined || world === undefined ? [] : driftedNames(present);
  if (present !== undefined && world !== undefined && isGone(present, world)) {
    const physicalId = present.thing.id;
    return {
      action: 'Add',
      logicalId,
      type,
      physicalId,
      replacement: undefined,
      properties: [],
      drift: 'DELETED',
    };
  }
  const direct = names.filter(
    (name) => canonical(before.properties[name]) !== canonical(properties[name]) || drifted.includes(name),
  );
  const replaced = dependsOn.filter(
    (id) => changed.get(id)?.replacement !== undefined && changed.get(id)?.replacement !== 'False',
  );
  const follows = names.filter((name) => {
    const value = properties[name];
    return value !== undefined && referencesOf(value).some((id) => replaced.includes(id));
  });
  if (direct.length === 0 && follows.length === 0) return null;
  const { createOnly } = handlerOf(type);
  const creates = (name: string): boolean => createOnly.includes('*') || createOnly.includes(name);
  const certain = direct.some(creates);
  const possible = follows.some(creates);
  return {
    action: 'Modify',
    logicalId,
    type,
    physicalId: present?.thing.id,
    replacement: certain ? 'True' : possible ? 'Conditional' : 'False',
    properties: [...new Set([...direct, ...follows])],
    ...(world === undefined
      ? {}
      : { drift: drifted.length > 0 ? ('MODIFIED' as const) : ('IN_SYNC' as const) }),
  };
}

/** Whether a template changes anything at all, outputs included. */
export function changesAnything(stack: Stack, template: Template, changes: readonly Change[]): boolean {
  if (changes.length > 0) return true;
  return canonical(stack.template?.outputs) !== canonical(template.outputs);
}

/** What is there of the properties that a stack has set: drift in others is none (User Guide, "What is drift?"). */
export function liveProperties({ thing, applied }: StackResource): JsonObject {
  const live = Object.keys(applied).map((name) => [name, thing.properties[name]] as const);
  return Object.fromEntries(live.filter(([, value]) => value !== undefined)) as JsonObject;
}

function driftedNames(resource: StackResource): readonly string[] {
  const { applied } = resource;
  const live = liveProperties(resource);
  return Object.keys(applied).filter((name) => canonical(live[name]) !== canonical(applied[name]));
}

/** Deleted beside CloudFormation. A key that waits for its deletion counts as such to its read handler. */
export function isGone({ thing }: StackResource, world: World): boolean {
  return thing.deletionAt !== undefined || world.find(thing.type, thing.region, thing.id) === undefined;
}
