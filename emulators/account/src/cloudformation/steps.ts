// SPDX-License-Identifier: Apache-2.0
import type { Account } from '../account.ts';
import { AwsError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { Thing } from '../world.ts';
import { resolve, resolveObject, type Scope } from './intrinsics.ts';
import type { Stack, StackStatus } from './stack.ts';
import { order, type Template, type TemplateResource, type Tie } from './template.ts';
import { ResourceFailure, type Worker } from './worker.ts';

/*
 * What all operations of a stack are made of. Each yields where something of it can be seen from outside.
 */

/** What an operation works with. */
export interface Surroundings {
  readonly account: Account;
  readonly worker: Worker;
  readonly tie: Tie;
  /** Takes resources of the template's names into the stack that are there already. */
  readonly importExisting: boolean;
  /** Whether rolling back takes away what was made with DeletionPolicy Retain. */
  readonly retainExceptOnCreate: boolean;
  /** Compares with what is there, not with what was last set. */
  readonly revertDrift: boolean;
}

const STACK_TYPE = 'AWS::CloudFormation::Stack';

/** Makes one resource, or takes in the one that is there. @returns why it failed, or null */
export function* createOne(
  stack: Stack,
  resource: TemplateResource,
  on: Surroundings,
  replaced?: Thing,
): Generator<void, AwsError | null> {
  const { logicalId, type } = resource;
  const found = replaced === undefined ? existing(stack, resource, on) : undefined;
  if (found !== undefined) return yield* adoptOne(stack, resource, on, found);
  const progress = replaced === undefined ? 'CREATE' : 'UPDATE';
  yield* event(on, stack, { logicalId, physicalId: '', type, status: `${progress}_IN_PROGRESS` });
  try {
    const properties = propertiesOf(stack, resource, on);
    const thing = on.worker.create(type, logicalId, stack.name, properties);
    thing.stack = stack.id;
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

/** What an import takes in: a resource of this name that no stack has, and that the template would keep. */
function existing(stack: Stack, resource: TemplateResource, on: Surroundings): Thing | undefined {
  if (!on.importExisting || resource.deletionPolicy === 'Delete') return undefined;
  const thing = on.worker.existing(resource.type, propertiesOf(stack, resource, on));
  return thing?.stack === undefined ? thing : undefined;
}

/** User Guide, "Import AWS resources into a CloudFormation stack automatically": read, and not changed. */
function* adoptOne(
  stack: Stack,
  resource: TemplateResource,
  on: Surroundings,
  thing: Thing,
): Generator<void, AwsError | null> {
  const { logicalId, type } = resource;
  yield* event(on, stack, { logicalId, physicalId: thing.id, type, status: 'IMPORT_IN_PROGRESS' });
  try {
    on.worker.read(thing);
  } catch (error) {
    if (!(error instanceof ResourceFailure)) throw error;
    const reason = reasonOf(error.cause);
    yield* event(on, stack, { logicalId, physicalId: thing.id, type, status: 'IMPORT_FAILED', reason });
    return error.cause;
  }
  thing.stack = stack.id;
  const applied = propertiesOf(stack, resource, on);
  stack.resources.set(logicalId, { logicalId, thing, applied, status: '', imported: true });
  yield* resourceEvent(on, stack, logicalId, thing, 'IMPORT_COMPLETE');
  return null;
}

export function* refuse(
  stack: Stack,
  { logicalId, type }: TemplateResource,
  on: Surroundings,
  message: string,
): Generator<void, AwsError> {
  yield* event(on, stack, { logicalId, physicalId: '', type, status: 'UPDATE_FAILED', reason: message });
  return new AwsError('ValidationError', message);
}

/** Removes the resources of a stack. @returns logical ids of what could not be removed, or is held by such */
export function* removeAll(
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
      yield* leaveThing(stack, logicalId, present.thing, on);
      stack.resources.delete(logicalId);
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

/** Leaves a resource to nobody. */
export function* leaveThing(
  stack: Stack,
  logicalId: string,
  thing: Thing,
  on: Surroundings,
): Generator<void> {
  delete thing.stack;
  yield* resourceEvent(on, stack, logicalId, thing, 'DELETE_SKIPPED');
}

/** @returns whether it is gone */
export function* removeThing(
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

export function propertiesOf(stack: Stack, { properties }: TemplateResource, on: Surroundings): JsonObject {
  return resolveObject(properties, scopeOf(stack, on));
}

export function outputsOf(
  stack: Stack,
  { outputs }: Template,
  on: Surroundings,
): Readonly<Record<string, string>> {
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

export function* resourceEvent(
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

export function* stackEvent(
  on: Surroundings,
  stack: Stack,
  status: StackStatus,
  reason?: string,
): Generator<void> {
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
export function reasonOf({ code, message, explanation }: AwsError): string {
  const text = `Resource handler returned message: "${message}" (HandlerErrorCode: ${code})`;
  return explanation === undefined ? text : `${text}\n${explanation}`;
}
