// SPDX-License-Identifier: Apache-2.0

import type { Stack } from './stack.ts';
import { createOne, outputsOf, removeAll, type Surroundings, stackEvent } from './steps.ts';
import { order, type Template } from './template.ts';

/*
 * CloudFormation User Guide, "Understand CloudFormation stack creation events", "Choose how to handle failures when
 * provisioning resources" and "DeletionPolicy attribute".
 */

/** Makes every resource of a new stack; on failure takes away what it made. */
export function* create(
  stack: Stack,
  template: Template,
  on: Surroundings,
  onFailure: 'ROLLBACK' | 'DELETE' | 'DO_NOTHING' = 'ROLLBACK',
): Generator<void> {
  yield* stackEvent(on, stack, 'CREATE_IN_PROGRESS', 'User Initiated');
  stack.template = template;
  for (const resource of order(template.resources, on.tie)) {
    const failed = yield* createOne(stack, resource, on);
    if (failed === null) continue;
    if (onFailure === 'DO_NOTHING') {
      yield* stackEvent(
        on,
        stack,
        'CREATE_FAILED',
        `The following resource(s) failed to create: [${resource.logicalId}].`,
      );
      return;
    }
    yield* stackEvent(
      on,
      stack,
      'ROLLBACK_IN_PROGRESS',
      `The following resource(s) failed to create: [${resource.logicalId}]. Rollback requested by user.`,
    );
    const left = yield* removeAll(
      stack,
      on,
      (policy, logicalId) =>
        stack.resources.get(logicalId)?.imported === true ||
        (policy === 'Retain' && !on.retainExceptOnCreate),
    );
    if (left.length > 0) {
      yield* stackEvent(
        on,
        stack,
        'ROLLBACK_FAILED',
        `The following resource(s) failed to delete: [${left.join(', ')}].`,
      );
    } else if (onFailure === 'DELETE') {
      stack.deletedAt = on.account.world.clock.now;
      yield* stackEvent(on, stack, 'DELETE_COMPLETE');
    } else yield* stackEvent(on, stack, 'ROLLBACK_COMPLETE');
    return;
  }
  stack.outputs = outputsOf(stack, template, on);
  yield* stackEvent(on, stack, 'CREATE_COMPLETE');
}

/** Takes everything away that no policy keeps. @param retain logical ids to leave behind, of a stack that failed before */
export function* remove(stack: Stack, on: Surroundings, retain: readonly string[] = []): Generator<void> {
  yield* stackEvent(on, stack, 'DELETE_IN_PROGRESS', 'User Initiated');
  const keep = (policy: string, logicalId: string): boolean =>
    policy === 'Retain' || policy === 'RetainExceptOnCreate' || retain.includes(logicalId);
  const left = yield* removeAll(stack, on, keep);
  if (left.length > 0) {
    yield* stackEvent(
      on,
      stack,
      'DELETE_FAILED',
      `The following resource(s) failed to delete: [${left.join(', ')}].`,
    );
    return;
  }
  stack.deletedAt = on.account.world.clock.now;
  yield* stackEvent(on, stack, 'DELETE_COMPLETE');
}
