// SPDX-License-Identifier: Apache-2.0
import type { Account } from '../account.ts';
import { AwsError } from '../errors.ts';
import { canonical, type JsonObject } from '../json.ts';
import type { Thing } from '../world.ts';
import { resolve, resolveObject, type Scope } from './intrinsics.ts';
import type { Stack, StackResource, StackStatus } from './stack.ts';
import { stackPolicyDenies } from './stack-policy.ts';
import { order, type Template, type TemplateResource, type Tie } from './template.ts';
import { ResourceFailure, Worker } from './worker.ts';

/*
 * The operations of a stack, a step after the other: each yields where something of it can be seen from outside. What
 * CloudFormation does is in its User Guide: "Understand CloudFormation stack creation events", "Choose how to handle
 * failures", "Continue rolling back an update", "DeletionPolicy" and "UpdateReplacePolicy" attributes.
 */

export interface Surroundings {
  readonly account: Account;
  readonly worker: Worker;
  readonly tie: Tie;
}

const STACK_TYPE = 'AWS::CloudFormation::Stack';

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
    const left = yield* removeAll(stack, on, (policy) => policy === 'Retain');
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

/** What an update did, so that it can be undone. */
type Step =
  | { readonly kind: 'added'; readonly logicalId: string }
  | { readonly kind: 'updated'; readonly logicalId: string; readonly before: JsonObject }
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
  if (thing.type !== type)
    return yield* refuse(stack, resource, on, 'Update of resource type is not permitted.');
  const { applied } = present;
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
      steps.push({ kind: 'updated', logicalId, before: applied });
    }
    yield* resourceEvent(on, stack, logicalId, thing, 'UPDATE_FAILED', reasonOf(error.cause));
    return error.cause;
  }
  stack.resources.set(logicalId, { ...present, applied: properties });
  steps.push({ kind: 'updated', logicalId, before: applied });
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
  const leftover: { readonly logicalId: string; readonly thing: Thing; readonly policy: string }[] = [];
  const failures: string[] = [];
  for (const step of [...steps].reverse()) {
    const present = stack.resources.get(step.logicalId);
    if (present === undefined) continue;
    const { thing } = present;
    if (step.kind === 'updated') {
      yield* resourceEvent(on, stack, step.logicalId, thing, 'UPDATE_IN_PROGRESS');
      try {
        on.worker.update(thing, step.logicalId, present.applied, step.before);
        stack.resources.set(step.logicalId, { ...present, applied: step.before });
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
    leftover.push({ logicalId: step.logicalId, thing, policy });
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
  for (const { logicalId, thing, policy } of leftover) {
    if (policy === 'Retain') yield* resourceEvent(on, stack, logicalId, thing, 'DELETE_SKIPPED');
    else yield* removeThing(stack, logicalId, thing, on);
  }
  yield* stackEvent(on, stack, 'UPDATE_ROLLBACK_COMPLETE');
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
    if (step.policy === 'Retain') yield* resourceEvent(on, stack, step.logicalId, thing, 'DELETE_SKIPPED');
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
    else yield* resourceEvent(on, stack, logicalId, present.thing, 'DELETE_SKIPPED');
  }
}

function* createOne(
  stack: Stack,
  resource: TemplateResource,
  on: Surroundings,
  replaced?: Thing,
): Generator<void, AwsError | null> {
  const { logicalId, type } = resource;
  const progress = replaced === undefined ? 'CREATE' : 'UPDATE';
  yield* event(on, stack, { logicalId, physicalId: '', type, status: `${progress}_IN_PROGRESS` });
  try {
    const properties = propertiesOf(stack, resource, on);
    const thing = on.worker.create(type, logicalId, stack.name, properties);
    stack.resources.set(logicalId, { logicalId, thing, applied: properties, status: '' });
    yield* resourceEvent(on, stack, logicalId, thing, `${progress}_COMPLETE`);
    return null;
  } catch (error) {
    const cause = error instanceof ResourceFailure ? error.cause : error;
    if (!(cause instanceof AwsError)) throw error;
    const thing = error instanceof ResourceFailure ? error.thing : null;
    // CloudFormation knows the id of what was made halfway, and takes it away.
    if (thing !== null)
      stack.resources.set(logicalId, { logicalId, thing, applied: thing.properties, status: '' });
    yield* event(on, stack, {
      logicalId,
      physicalId: thing?.id ?? '',
      type,
      status: `${progress}_FAILED`,
      reason: reasonOf(cause),
    });
    return cause;
  }
}

function* refuse(
  stack: Stack,
  { logicalId, type }: TemplateResource,
  on: Surroundings,
  message: string,
): Generator<void, AwsError> {
  yield* event(on, stack, { logicalId, physicalId: '', type, status: 'UPDATE_FAILED', reason: message });
  return new AwsError('ValidationError', message);
}

/** @returns logical ids of what could not be removed, or is held by such */
function* removeAll(
  stack: Stack,
  on: Surroundings,
  keep: (policy: string, logicalId: string) => boolean,
): Generator<void, readonly string[]> {
  const resources = stack.template?.resources ?? new Map<string, TemplateResource>();
  const failed: string[] = [];
  for (const { logicalId, deletionPolicy } of [...order(resources, on.tie)].reverse()) {
    const present = stack.resources.get(logicalId);
    if (present === undefined) continue;
    if (keep(deletionPolicy, logicalId)) {
      stack.resources.delete(logicalId);
      yield* resourceEvent(on, stack, logicalId, present.thing, 'DELETE_SKIPPED');
      continue;
    }
    // What still depends on it stands in the way of its own deletion.
    const held = [...resources.values()].some(
      (other) => failed.includes(other.logicalId) && other.dependsOn.includes(logicalId),
    );
    if (held || !(yield* removeThing(stack, logicalId, present.thing, on))) failed.push(logicalId);
    else stack.resources.delete(logicalId);
  }
  return failed;
}

function* removeThing(
  stack: Stack,
  logicalId: string,
  thing: Thing,
  on: Surroundings,
): Generator<void, boolean> {
  yield* resourceEvent(on, stack, logicalId, thing, 'DELETE_IN_PROGRESS');
  try {
    on.worker.remove(thing, logicalId);
  } catch (error) {
    if (!(error instanceof ResourceFailure)) throw error;
    yield* resourceEvent(on, stack, logicalId, thing, 'DELETE_FAILED', reasonOf(error.cause));
    return false;
  }
  yield* resourceEvent(on, stack, logicalId, thing, 'DELETE_COMPLETE');
  return true;
}

function propertiesOf(stack: Stack, { properties }: TemplateResource, on: Surroundings): JsonObject {
  return resolveObject(properties, scopeOf(stack, on));
}

function outputsOf(stack: Stack, { outputs }: Template, on: Surroundings): Readonly<Record<string, string>> {
  const scope = scopeOf(stack, on);
  return Object.fromEntries(
    Object.entries(outputs).map(([name, value]) => [name, String(resolve(value, scope))]),
  );
}

function scopeOf(stack: Stack, { account }: Surroundings): Scope {
  const { world } = account;
  const thingOf = (logicalId: string): Thing => {
    const present = stack.resources.get(logicalId);
    if (present === undefined) throw new AwsError('ValidationError', `${logicalId} is not there`);
    return present.thing;
  };
  return {
    ref: (logicalId) => thingOf(logicalId).id,
    attribute: (logicalId, name) => {
      const { attributes, type } = thingOf(logicalId);
      const value = attributes[name];
      if (value === undefined) {
        throw new AwsError(
          'ValidationError',
          `Template error: resource ${logicalId} (${type}) does not support attribute type ${name} in Fn::GetAtt`,
        );
      }
      return value;
    },
    pseudo: {
      AccountId: world.account,
      Partition: world.partition,
      Region: stack.region,
      StackId: stack.id,
      StackName: stack.name,
      URLSuffix: world.suffix,
    },
  };
}

function* resourceEvent(
  on: Surroundings,
  stack: Stack,
  logicalId: string,
  thing: Thing,
  status: string,
  reason?: string,
): Generator<void> {
  const present = stack.resources.get(logicalId);
  if (present !== undefined && present.thing === thing) present.status = status;
  yield* event(on, stack, { logicalId, physicalId: thing.id, type: thing.type, status, reason });
}

function* stackEvent(on: Surroundings, stack: Stack, status: StackStatus, reason?: string): Generator<void> {
  stack.status = status;
  stack.reason = reason;
  yield* event(on, stack, { logicalId: stack.name, physicalId: stack.id, type: STACK_TYPE, status, reason });
}

function* event(
  { account }: Surroundings,
  stack: Stack,
  entry: { logicalId: string; physicalId: string; type: string; status: string; reason?: string | undefined },
): Generator<void> {
  const { world } = account;
  world.clock.advance(1000);
  stack.events.push({ id: world.fresh(32), time: world.clock.now, ...entry, reason: entry.reason });
  yield;
}

/** As CloudFormation words what a handler answered, with the explanation that AWS would not give. */
function reasonOf({ code, message, explanation }: AwsError): string {
  const text = `Resource handler returned message: "${message}" (HandlerErrorCode: ${code})`;
  return explanation === undefined ? text : `${text}\n${explanation}`;
}
