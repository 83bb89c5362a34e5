// SPDX-License-Identifier: Apache-2.0
import { type AwsError, NotModelledError } from '../errors.ts';
import { canonical, type JsonObject } from '../json.ts';
import type { Thing } from '../world.ts';
import { isGone, liveProperties } from './changes.ts';
import type { Stack, StackResource } from './stack.ts';
import { stackPolicyDenies } from './stack-policy.ts';
import {
  createOne,
  leaveThing,
  outputsOf,
  propertiesOf,
  reasonOf,
  refuse,
  removeThing,
  resourceEvent,
  type Surroundings,
  stackEvent,
} from './steps.ts';
import { order, type Template, type TemplateResource } from './template.ts';
import { ResourceFailure, Worker } from './worker.ts';

/*
 * CloudFormation User Guide, "Update behaviors of stack resources", "Continue rolling back an update" and
 * "UpdateReplacePolicy attribute".
 */

/** What an update did, so that it can be undone. */
type Step =
  | { readonly kind: 'added'; readonly logicalId: string }
  | {
      readonly kind: 'updated';
      readonly logicalId: string;
      /** What was there, which the stack may not know of. */
      readonly before: JsonObject;
      readonly applied: JsonObject;
    }
  | {
      readonly kind: 'replaced';
      readonly logicalId: string;
      readonly before: StackResource;
      readonly policy: string;
    };

/** Brings a stack to another template; on failure back to the one it had. */
export function* update(stack: Stack, template: Template, on: Surroundings): Generator<void> {
  const before = stack.template;
  if (before === null) throw new TypeError('a stack is created before it is updated');
  yield* stackEvent(on, stack, 'UPDATE_IN_PROGRESS', 'User Initiated');
  stack.updatedAt = on.account.world.clock.now;
  const steps: Step[] = [];
  for (const resource of order(template.resources, on.tie)) {
    const failed = yield* updateOne(stack, resource, on, steps);
    if (failed === null) continue;
    const reason = `The following resource(s) failed to ${stack.resources.has(resource.logicalId) ? 'update' : 'create'}: [${resource.logicalId}].`;
    yield* rollback(stack, before, template, steps, on, reason);
    return;
  }
  stack.template = template;
  stack.outputs = outputsOf(stack, template, on);
  yield* stackEvent(on, stack, 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
  yield* cleanUp(stack, before, template, steps, on);
  yield* stackEvent(on, stack, 'UPDATE_COMPLETE');
}

function* updateOne(
  stack: Stack,
  resource: TemplateResource,
  on: Surroundings,
  steps: Step[],
): Generator<void, AwsError | null> {
  const { logicalId, type } = resource;
  const present = stack.resources.get(logicalId);
  if (present === undefined) {
    const failed = yield* createOne(stack, resource, on);
    if (stack.resources.has(logicalId)) steps.push({ kind: 'added', logicalId });
    return failed;
  }
  const properties = propertiesOf(stack, resource, on);
  const { thing } = present;
  if (on.revertDrift && isGone(present, on.account.world)) {
    throw new NotModelledError(`making ${logicalId} anew, which was deleted beside CloudFormation`);
  }
  if (thing.type !== type)
    return yield* refuse(stack, resource, on, 'Update of resource type is not permitted.');
  // A drift-aware update goes from what is there, and on failure back to that.
  const applied = on.revertDrift ? liveProperties(present) : present.applied;
  if (canonical(applied) === canonical(properties)) return null;
  const replaces = Worker.replaces(type, applied, properties);
  const forbidden = stackPolicyDenies(stack, logicalId, type, replaces ? 'Update:Replace' : 'Update:Modify');
  if (forbidden !== null) return yield* refuse(stack, resource, on, forbidden);
  if (replaces) {
    const failed = yield* createOne(stack, resource, on, thing);
    if (stack.resources.get(logicalId)?.thing !== thing) {
      steps.push({ kind: 'replaced', logicalId, before: present, policy: resource.updateReplacePolicy });
    }
    return failed;
  }
  yield* resourceEvent(on, stack, logicalId, thing, 'UPDATE_IN_PROGRESS');
  try {
    on.worker.update(thing, logicalId, applied, properties);
  } catch (error) {
    if (!(error instanceof ResourceFailure)) throw error;
    // Some of it may be done: the way back is another update.
    if (error.touched) {
      stack.resources.set(logicalId, { ...present, applied: properties });
      steps.push({ kind: 'updated', logicalId, before: applied, applied: present.applied });
    }
    yield* resourceEvent(on, stack, logicalId, thing, 'UPDATE_FAILED', reasonOf(error.cause));
    return error.cause;
  }
  stack.resources.set(logicalId, { ...present, applied: properties });
  steps.push({ kind: 'updated', logicalId, before: applied, applied: present.applied });
  yield* resourceEvent(on, stack, logicalId, thing, 'UPDATE_COMPLETE');
  return null;
}

/** Undoes the steps of a failed update, last first, and then removes what is left over. */
function* rollback(
  stack: Stack,
  before: Template,
  after: Template,
  steps: readonly Step[],
  on: Surroundings,
  reason: string,
): Generator<void> {
  yield* stackEvent(on, stack, 'UPDATE_ROLLBACK_IN_PROGRESS', reason);
  const leftover: { readonly logicalId: string; readonly thing: Thing; readonly keep: boolean }[] = [];
  const failures: string[] = [];
  for (const step of [...steps].reverse()) {
    const present = stack.resources.get(step.logicalId);
    if (present === undefined) continue;
    const { thing } = present;
    if (step.kind === 'updated') {
      yield* resourceEvent(on, stack, step.logicalId, thing, 'UPDATE_IN_PROGRESS');
      try {
        on.worker.update(thing, step.logicalId, present.applied, step.before);
        stack.resources.set(step.logicalId, { ...present, applied: step.applied });
        yield* resourceEvent(on, stack, step.logicalId, thing, 'UPDATE_COMPLETE');
      } catch (error) {
        if (!(error instanceof ResourceFailure)) throw error;
        failures.push(step.logicalId);
        yield* resourceEvent(on, stack, step.logicalId, thing, 'UPDATE_FAILED', reasonOf(error.cause));
      }
      continue;
    }
    const policy =
      step.kind === 'replaced' ? 'Delete' : (after.resources.get(step.logicalId)?.deletionPolicy ?? 'Delete');
    leftover.push({ logicalId: step.logicalId, thing, keep: keeps(policy, present, on) });
    if (step.kind === 'replaced') {
      stack.resources.set(step.logicalId, step.before);
    } else stack.resources.delete(step.logicalId);
  }
  stack.template = before;
  if (failures.length > 0) {
    yield* stackEvent(
      on,
      stack,
      'UPDATE_ROLLBACK_FAILED',
      `The following resource(s) failed to update: [${failures.join(', ')}].`,
    );
    return;
  }
  yield* stackEvent(on, stack, 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS');
  for (const { logicalId, thing, keep } of leftover) {
    if (keep) yield* leaveThing(stack, logicalId, thing, on);
    else yield* removeThing(stack, logicalId, thing, on);
  }
  yield* stackEvent(on, stack, 'UPDATE_ROLLBACK_COMPLETE');
}

function keeps(policy: string, { imported }: StackResource, on: Surroundings): boolean {
  return imported === true || (policy === 'Retain' && !on.retainExceptOnCreate);
}

/** After an update: what was replaced and what the template no longer has. A failure here leaves it behind, and no more. */
function* cleanUp(
  stack: Stack,
  before: Template,
  after: Template,
  steps: readonly Step[],
  on: Surroundings,
): Generator<void> {
  for (const step of [...steps].reverse()) {
    if (step.kind !== 'replaced') continue;
    const { thing } = step.before;
    if (step.policy === 'Retain') yield* leaveThing(stack, step.logicalId, thing, on);
    else yield* removeThing(stack, step.logicalId, thing, on);
  }
  for (const { logicalId, type, deletionPolicy } of [...order(before.resources, on.tie)].reverse()) {
    const present = stack.resources.get(logicalId);
    if (after.resources.has(logicalId) || present === undefined) continue;
    const forbidden = stackPolicyDenies(stack, logicalId, type, 'Update:Delete');
    if (forbidden !== null) {
      yield* resourceEvent(on, stack, logicalId, present.thing, 'DELETE_FAILED', forbidden);
      continue;
    }
    stack.resources.delete(logicalId);
    if (deletionPolicy === 'Delete') yield* removeThing(stack, logicalId, present.thing, on);
    else yield* leaveThing(stack, logicalId, present.thing, on);
  }
}
