// SPDX-License-Identifier: Apache-2.0
import type { Account } from '../account.ts';
import { AwsError } from '../errors.ts';
import { type Caller, serviceOf, sessionOf } from '../identities.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { changesAnything, changesOf } from './changes.ts';
import { type ChangeSetInput, demandCapabilities, demandUpdatable, templateOf } from './inputs.ts';
import { create, remove } from './operations.ts';
import { type ChangeSet, IN_PROGRESS, type Stack } from './stack.ts';
import { reasonOf, type Surroundings } from './steps.ts';
import type { Tie } from './template.ts';
import { update } from './update.ts';
import { type Fault, ResourceFailure, Worker } from './worker.ts';

export interface CloudFormationOptions {
  /** Which of several resources that could be made next is made first. */
  readonly tie?: Tie;
  readonly fault?: Fault;
}

const NAME = /^[a-zA-Z][-a-zA-Z0-9]{0,127}$/;

/** CloudFormation of one account and Region. Operations run in steps: {@link CloudFormation.settle} takes them all. */
export class CloudFormation {
  readonly region: string;
  readonly #account: Account;
  readonly #tie: Tie;
  fault: Fault;
  readonly #stacks: Stack[] = [];

  constructor(account: Account, region: string, options: CloudFormationOptions = {}) {
    this.#account = account;
    this.region = region;
    this.#tie = options.tie ?? 'template';
    this.fault = options.fault ?? (() => {});
  }

  get stacks(): readonly Stack[] {
    return this.#stacks;
  }

  /** By name or ARN; a deleted one by its ARN only. */
  find(name: string): Stack | undefined {
    if (name.startsWith('arn:')) return this.#stacks.find(({ id }) => id === name);
    return this.#stacks.find((stack) => stack.name === name && stack.deletedAt === undefined);
  }

  /** @throws {AwsError} `ValidationError` where there is none */
  get(name: string): Stack {
    const stack = this.find(name);
    if (stack === undefined) throw new AwsError('ValidationError', `Stack with id ${name} does not exist`);
    return stack;
  }

  /** @throws {AwsError} */
  createChangeSet(caller: Caller, input: ChangeSetInput): ChangeSet {
    if (!NAME.test(input.stackName) || !NAME.test(input.name)) {
      throw new AwsError('ValidationError', `${input.stackName} or ${input.name} is no name`);
    }
    this.#authorize(caller, 'CreateChangeSet', input.stackName, {
      ...(input.roleArn === undefined ? {} : { 'cloudformation:RoleArn': input.roleArn }),
      ...(input.templateUrl === undefined ? {} : { 'cloudformation:TemplateUrl': input.templateUrl }),
      'cloudformation:ChangeSetName': input.name,
    });
    const present = this.find(input.stackName);
    this.#demandFree(present);
    const template = templateOf(this.#account, this.region, caller, input, present);
    demandCapabilities(template, input.capabilities ?? []);
    if (input.roleArn !== undefined) this.#pass(caller, input.roleArn, input.stackName);
    const stack = input.kind === 'CREATE' ? this.#reviewed(input, present) : demandUpdatable(input, present);
    if (stack.changeSets.has(input.name)) {
      throw new AwsError('AlreadyExistsException', `ChangeSet ${input.name} already exists`);
    }
    if (input.roleArn !== undefined) stack.roleArn = input.roleArn;
    const revertDrift = input.revertDrift === true;
    const unread = revertDrift ? this.#unreadable(caller, stack) : undefined;
    const changes =
      unread === undefined ? changesOf(stack, template, revertDrift ? this.#account.world : undefined) : [];
    const any = unread === undefined && changesAnything(stack, template, changes);
    const changeSet: ChangeSet = {
      id: this.#arn(`changeSet/${input.name}`),
      name: input.name,
      kind: input.kind,
      template,
      changes,
      createdAt: this.#account.world.clock.now,
      tags: input.tags ?? {},
      onFailure: input.onFailure ?? 'ROLLBACK',
      importExisting: input.importExisting ?? false,
      revertDrift,
      status: any ? 'CREATE_COMPLETE' : 'FAILED',
      reason: any
        ? undefined
        : (unread ??
          "The submitted information didn't contain changes. Submit different information to create a change set."),
      executionStatus: any ? 'AVAILABLE' : 'UNAVAILABLE',
    };
    stack.changeSets.set(input.name, changeSet);
    return changeSet;
  }

  /** Begins; {@link settle} or {@link step} goes on. @throws {AwsError} */
  executeChangeSet(
    caller: Caller,
    stackName: string,
    changeSetName: string,
    options: { readonly retainExceptOnCreate?: boolean; readonly disableRollback?: boolean } = {},
  ): void {
    this.#authorize(caller, 'ExecuteChangeSet', stackName, { 'cloudformation:ChangeSetName': changeSetName });
    const stack = this.get(stackName);
    this.#demandFree(stack);
    const changeSet = this.changeSet(stack, changeSetName);
    if (changeSet.executionStatus !== 'AVAILABLE') {
      throw new AwsError(
        'InvalidChangeSetStatus',
        `ChangeSet [${changeSet.id}] cannot be executed in its current execution status of [${changeSet.executionStatus}]`,
      );
    }
    changeSet.executionStatus = 'EXECUTE_COMPLETE';
    for (const other of stack.changeSets.values()) {
      if (other !== changeSet) other.executionStatus = 'OBSOLETE';
    }
    // Change sets go with their execution.
    stack.changeSets.clear();
    stack.tags = changeSet.tags;
    const on = this.#surroundings(caller, stack, {
      importExisting: changeSet.importExisting,
      revertDrift: changeSet.revertDrift,
      retainExceptOnCreate: options.retainExceptOnCreate ?? false,
    });
    const onFailure = options.disableRollback === true ? 'DO_NOTHING' : changeSet.onFailure;
    stack.operation =
      changeSet.kind === 'CREATE'
        ? create(stack, changeSet.template, on, onFailure)
        : update(stack, changeSet.template, on);
    this.step(stack);
  }

  deleteChangeSet(caller: Caller, stackName: string, changeSetName: string): void {
    this.#authorize(caller, 'DeleteChangeSet', stackName, { 'cloudformation:ChangeSetName': changeSetName });
    this.get(stackName).changeSets.delete(nameOfChangeSet(changeSetName));
  }

  changeSet(stack: Stack, name: string): ChangeSet {
    const changeSet = stack.changeSets.get(nameOfChangeSet(name));
    if (changeSet === undefined)
      throw new AwsError('ChangeSetNotFound', `ChangeSet [${name}] does not exist`, { status: 404 });
    return changeSet;
  }

  /** @param options.retain logical ids, of a stack whose deletion failed before */
  deleteStack(
    caller: Caller,
    stackName: string,
    options: { roleArn?: string; retain?: readonly string[] } = {},
  ): void {
    this.#authorize(caller, 'DeleteStack', stackName);
    const stack = this.find(stackName);
    // Deleting what is not there is no error.
    if (stack === undefined || stack.deletedAt !== undefined) return;
    this.#demandFree(stack);
    if (stack.terminationProtection) {
      throw new AwsError(
        'ValidationError',
        `Stack [${stack.name}] cannot be deleted while TerminationProtection is enabled`,
      );
    }
    if ((options.retain?.length ?? 0) > 0 && stack.status !== 'DELETE_FAILED') {
      throw new AwsError('ValidationError', 'RetainResources is for stacks in the DELETE_FAILED state');
    }
    if (options.roleArn !== undefined) {
      this.#pass(caller, options.roleArn, stackName);
      stack.roleArn = options.roleArn;
    }
    stack.operation = remove(stack, this.#surroundings(caller, stack), options.retain);
    this.step(stack);
  }

  /** @throws {AwsError} */
  continueUpdateRollback(caller: Caller, stackName: string): void {
    this.#authorize(caller, 'ContinueUpdateRollback', stackName);
    const stack = this.get(stackName);
    if (stack.status !== 'UPDATE_ROLLBACK_FAILED' || stack.template === null) {
      throw new AwsError(
        'ValidationError',
        `Stack:${stack.id} is in ${stack.status} state and can not continue its rollback`,
      );
    }
    // The template in force is the old one again: an update to it sets right what was not undone.
    stack.operation = asRollback(stack, update(stack, stack.template, this.#surroundings(caller, stack)));
    this.step(stack);
  }

  updateTerminationProtection(caller: Caller, stackName: string, enabled: boolean): void {
    this.#authorize(caller, 'UpdateTerminationProtection', stackName);
    this.get(stackName).terminationProtection = enabled;
  }

  setStackPolicy(caller: Caller, stackName: string, body: string): void {
    this.#authorize(caller, 'SetStackPolicy', stackName);
    const policy = JSON.parse(body) as Json;
    if (!isObject(policy)) throw new AwsError('ValidationError', 'Stack policy is not an object');
    this.get(stackName).policy = policy as JsonObject;
  }

  /** Reading operations. @throws {AwsError} */
  demand(caller: Caller, operation: string, stackName: string): void {
    this.#authorize(caller, operation, stackName);
  }

  /** Lets an operation go on to where the next thing can be seen. */
  step(stack: Stack): void {
    if (stack.operation?.next().done === true) stack.operation = null;
  }

  /** Lets an operation come to its end. */
  settle(stackName: string): Stack {
    const stack = this.get(stackName);
    while (stack.operation !== null) this.step(stack);
    return stack;
  }

  #authorize(caller: Caller, operation: string, stack: string, context: Record<string, string> = {}): void {
    const resource = stack.startsWith('arn:') ? stack : (this.find(stack)?.id ?? this.#arn(`stack/${stack}`));
    this.#account.authorize(caller, {
      action: `cloudformation:${operation}`,
      resource,
      region: this.region,
      context,
    });
  }

  #arn(path: string): string {
    const { world } = this.#account;
    const hex = world.fresh(32);
    const uuid = [
      hex.slice(0, 8),
      hex.slice(8, 12),
      hex.slice(12, 16),
      hex.slice(16, 20),
      hex.slice(20),
    ].join('-');
    return `arn:${world.partition}:cloudformation:${this.region}:${world.account}:${path}/${uuid}`;
  }

  /** One operation at a time. */
  #demandFree(stack: Stack | undefined): void {
    if (stack === undefined || stack.operation === null) return;
    throw new AwsError(
      'ValidationError',
      `Stack:${stack.id} is in ${stack.status} state and can not be updated.`,
    );
  }

  #pass(caller: Caller, roleArn: string, stackName: string): void {
    const { world } = this.#account;
    this.#account.authorize(caller, {
      action: 'iam:PassRole',
      resource: roleArn,
      region: this.region,
      context: { 'iam:PassedToService': 'cloudformation.amazonaws.com' },
    });
    const role = world.byArn(roleArn);
    const source = this.find(stackName)?.id ?? this.#arn(`stack/${stackName}`);
    const cloudformation = serviceOf(world, 'cloudformation.amazonaws.com', source);
    const call = { action: 'sts:AssumeRole', resource: roleArn, region: this.region };
    if (role === undefined || !this.#account.decide(cloudformation, call).allowed) {
      throw new AwsError('ValidationError', `Role ${roleArn} is invalid or cannot be assumed`);
    }
  }

  /**
   * User Guide, "Using drift-aware change sets": resources are read when the change set is made. As whom, and what becomes of
   * one that may not be read, is not documented: as the stack's role here, and a failure.
   */
  #unreadable(caller: Caller, stack: Stack): string | undefined {
    const { worker } = this.#surroundings(caller, stack);
    for (const { thing } of stack.resources.values()) {
      if (this.#account.world.find(thing.type, thing.region, thing.id) === undefined) continue;
      try {
        worker.read(thing);
      } catch (error) {
        if (!(error instanceof ResourceFailure)) throw error;
        return reasonOf(error.cause);
      }
    }
    return undefined;
  }

  /** A new stack in review, or the one that a change set of this kind left there. */
  #reviewed(input: ChangeSetInput, present: Stack | undefined): Stack {
    if (present !== undefined) {
      if (present.status === 'REVIEW_IN_PROGRESS') return present;
      throw new AwsError(
        'ValidationError',
        `Stack [${input.stackName}] already exists and cannot be created again with the changeSet [${input.name}].`,
      );
    }
    const stack: Stack = {
      id: this.#arn(`stack/${input.stackName}`),
      name: input.stackName,
      region: this.region,
      createdAt: this.#account.world.clock.now,
      updatedAt: undefined,
      deletedAt: undefined,
      status: 'REVIEW_IN_PROGRESS',
      reason: 'User Initiated',
      template: null,
      resources: new Map(),
      outputs: {},
      roleArn: null,
      tags: input.tags ?? {},
      terminationProtection: false,
      policy: null,
      changeSets: new Map(),
      events: [],
      operation: null,
    };
    this.#stacks.push(stack);
    return stack;
  }

  /**
   * Calls go out as the stack's role, which CloudFormation assumes; without one as whoever started the operation, by a
   * forward access session. Neither comes from the caller's network.
   */
  #surroundings(
    caller: Caller,
    stack: Stack,
    options: Pick<Surroundings, 'importExisting' | 'retainExceptOnCreate' | 'revertDrift'> = {
      importExisting: false,
      revertDrift: false,
      retainExceptOnCreate: false,
    },
  ): Surroundings {
    const { world } = this.#account;
    const role = stack.roleArn === null ? undefined : world.byArn(stack.roleArn);
    if (stack.roleArn !== null && role === undefined) {
      throw new AwsError('ValidationError', `Role ${stack.roleArn} is invalid or cannot be assumed`);
    }
    const via = { 'aws:CalledVia': ['cloudformation.amazonaws.com'], 'aws:ViaAWSService': 'true' };
    const actor: Caller =
      role === undefined
        ? { principal: caller.principal, context: via }
        : sessionOf(world, role, 'AWSCloudFormation');
    const fault: Fault = (operation, type, logicalId) => this.fault(operation, type, logicalId);
    return {
      account: this.#account,
      worker: new Worker(this.#account, actor, this.region, fault),
      tie: this.#tie,
      ...options,
    };
  }
}

function* asRollback(stack: Stack, operation: Iterator<void>): Generator<void> {
  while (operation.next().done !== true) {
    if (IN_PROGRESS.test(stack.status)) stack.status = 'UPDATE_ROLLBACK_IN_PROGRESS';
    yield;
  }
  stack.status = stack.status === 'UPDATE_COMPLETE' ? 'UPDATE_ROLLBACK_COMPLETE' : 'UPDATE_ROLLBACK_FAILED';
}

/** By name or ARN: `…:changeSet/NAME/UUID`. */
function nameOfChangeSet(name: string): string {
  return name.startsWith('arn:') ? (name.split('/')[1] ?? name) : name;
}
