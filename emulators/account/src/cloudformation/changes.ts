// SPDX-License-Identifier: Apache-2.0
import { handlerOf } from '../handlers/index.ts';
import { canonical } from '../json.ts';
import { referencesOf } from './intrinsics.ts';
import type { Change, Stack } from './stack.ts';
import { order, type Template, type TemplateResource } from './template.ts';

/**
 * What a template changes of a stack, as a change set says it beforehand. Attributes beside the properties (DeletionPolicy,
 * Metadata, …) are no change of their own (User Guide, "DeletionPolicy attribute").
 */
export function changesOf(stack: Stack, template: Template): readonly Change[] {
  const before = stack.template;
  const changed = new Map<string, Change>();
  for (const resource of order(template.resources, 'template')) {
    const change = changeOf(before?.resources.get(resource.logicalId), resource, stack, changed);
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
): Change | null {
  if (before === undefined) {
    return { action: 'Add', logicalId, type, physicalId: undefined, replacement: undefined, properties: [] };
  }
  const names = [...new Set([...Object.keys(before.properties), ...Object.keys(properties)])];
  const direct = names.filter((name) => canonical(before.properties[name]) !== canonical(properties[name]));
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
    physicalId: stack.resources.get(logicalId)?.thing.id,
    replacement: certain ? 'True' : possible ? 'Conditional' : 'False',
    properties: [...new Set([...direct, ...follows])],
  };
}

/** Whether a template changes anything at all, outputs included. */
export function changesAnything(stack: Stack, template: Template, changes: readonly Change[]): boolean {
  if (changes.length > 0) return true;
  return canonical(stack.template?.outputs) !== canonical(template.outputs);
}
