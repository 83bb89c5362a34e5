// SPDX-License-Identifier: Apache-2.0
import { isObject, listAt, textAt } from '../json.ts';
import type { Stack } from './stack.ts';

export type UpdateAction = 'Update:Modify' | 'Update:Replace' | 'Update:Delete';

/**
 * CloudFormation User Guide, "Prevent updates to stack resources": with a stack policy everything is denied that no
 * statement allows, and a Deny wins.
 * @returns why not, or null
 */
export function stackPolicyDenies(
  stack: Stack,
  logicalId: string,
  type: string,
  action: UpdateAction,
): string | null {
  if (stack.policy === null) return null;
  const effects = listAt(stack.policy, 'Statement')
    .filter(isObject)
    .filter((statement) => {
      const types = listAt(statement, 'Condition.StringEquals.ResourceType').map(String);
      const typed = types.length === 0 || types.some((pattern) => matches(pattern, type));
      const acts = listAt(statement, 'Action')
        .map(String)
        .some((pattern) => matches(pattern, action));
      const on = listAt(statement, 'Resource')
        .map(String)
        .some((pattern) => matches(pattern.replace(/^LogicalResourceId\//, ''), logicalId));
      return typed && acts && on;
    })
    .map((statement) => textAt(statement, 'Effect'));
  if (effects.includes('Allow') && !effects.includes('Deny')) return null;
  return `Action denied by stack policy: ${action} on ${logicalId} of ${stack.name}`;
}

function matches(pattern: string, text: string): boolean {
  const expression = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${expression}$`).test(text);
}
