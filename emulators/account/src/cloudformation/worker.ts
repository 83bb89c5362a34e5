// SPDX-License-Identifier: Apache-2.0
import type { ContextValues } from '@enclave-vault/emulator-iam';
import type { Account } from '../account.ts';
import { AwsError } from '../errors.ts';
import type { Draft, Handler, Row, Subject } from '../handlers/handler.ts';
import { handlerOf } from '../handlers/index.ts';
import type { Caller } from '../identities.ts';
import { canonical, type JsonObject, textAt } from '../json.ts';
import { LENGTHS } from '../limits.ts';
import type { Thing } from '../world.ts';

/** An operation that failed, and what there is of the resource all the same. */
export class ResourceFailure extends Error {
  override readonly name = 'ResourceFailure';
  override readonly cause: AwsError;
  /** Set when a creation failed after the resource was there. */
  readonly thing: Thing | null;
  /** Whether anything was changed before it failed. */
  readonly touched: boolean;

  constructor(cause: AwsError, thing: Thing | null, touched: boolean) {
    super(cause.message);
    this.cause = cause;
    this.thing = thing;
    this.touched = touched;
  }
}

export type OperationName = 'create' | 'update' | 'delete';

/** Makes operations fail on purpose: throws, or lets them pass. */
export type Fault = (operation: OperationName, type: string, logicalId: string) => void;

/** CloudFormation's retries of what another resource still holds: it gives up after ten minutes. */
const PATIENCE_MS = 10 * 60_000;

/** Carries out operations on single resources, every call with the rights of one caller. */
export class Worker {
  readonly #account: Account;
  readonly #caller: Caller;
  readonly #region: string;
  readonly #fault: Fault;

  constructor(account: Account, caller: Caller, region: string, fault: Fault) {
    this.#account = account;
    this.#caller = caller;
    this.#region = region;
    this.#fault = fault;
  }

  /** @throws {ResourceFailure} */
  create(type: string, logicalId: string, stackName: string, properties: JsonObject): Thing {
    const handler = handlerOf(type);
    const { world } = this.#account;
    const region = handler.global === true ? 'global' : this.#region;
    const draft: Draft = { world, region, stackName, logicalId, properties };
    let thing: Thing | null = null;
    return this.#guard(
      () => {
        const { id, arn, attributes = {}, uniqueId } = handler.identify(draft);
        const subject = this.#subject({ id, arn, region, properties }, null);
        const [first] = handler.create;
        const making = handler.create.filter(({ action }) => action === first?.action);
        this.#call(subject, making);
        this.#fault('create', type, logicalId);
        this.#checkName(handler, subject);
        checkLengths(type, properties);
        handler.check?.(subject);
        thing = {
          type,
          region,
          id,
          arn,
          properties,
          attributes,
          policy: null,
          ...(uniqueId === undefined ? {} : { uniqueId }),
        };
        world.add(thing);
        thing.attributes = handler.apply?.(subject) ?? attributes;
        this.#call(
          subject,
          handler.create.filter((row) => !making.includes(row)),
        );
        this.#call(subject, handler.read);
        return thing;
      },
      () => thing,
    );
  }

  /** @param previous as the stack last set them @throws {ResourceFailure} */
  update(thing: Thing, logicalId: string, previous: JsonObject, properties: JsonObject): void {
    const handler = handlerOf(thing.type);
    this.#guard(
      (touch) => {
        const subject = this.#subject({ ...thing, properties }, previous);
        this.#fault('update', thing.type, logicalId);
        checkLengths(thing.type, properties);
        handler.check?.(subject);
        this.#call(subject, handler.update, touch);
        thing.properties = properties;
        thing.attributes = handler.apply?.(subject) ?? thing.attributes;
        this.#call(subject, handler.read);
      },
      () => thing,
    );
  }

  /** @throws {ResourceFailure} */
  remove(thing: Thing, logicalId: string): void {
    const handler = handlerOf(thing.type);
    const { world } = this.#account;
    // Somebody deleted it by hand: nothing is left to do.
    if (world.find(thing.type, thing.region, thing.id) === undefined) return;
    this.#guard(
      () => {
        const subject = this.#subject(thing, null);
        this.#fault('delete', thing.type, logicalId);
        this.#call(subject, handler.remove);
        this.#waitFor(() => handler.removable?.(subject));
        if (handler.gone?.(subject) !== 'stays') world.remove(thing);
      },
      () => thing,
    );
  }

  /** A resource that has the name which properties give one. */
  existing(type: string, properties: JsonObject): Thing | undefined {
    const handler = handlerOf(type);
    const { named } = handler;
    const name = named === undefined ? undefined : textAt(properties, named);
    if (named === undefined || name === undefined) return undefined;
    const region = handler.global === true ? 'global' : this.#region;
    return this.#account.world.all(type, region).find((thing) => textAt(thing.properties, named) === name);
  }

  /** @throws {ResourceFailure} */
  read(thing: Thing): void {
    this.#guard(
      () => this.#call(this.#subject(thing, null), handlerOf(thing.type).read),
      () => thing,
    );
  }

  /** Whether new properties need another resource. */
  static replaces(type: string, before: JsonObject, after: JsonObject): boolean {
    const { createOnly } = handlerOf(type);
    if (createOnly.includes('*')) return canonical(before) !== canonical(after);
    return createOnly.some((property) => canonical(before[property]) !== canonical(after[property]));
  }

  #guard<T>(work: (touch: () => void) => T, thing: () => Thing | null): T {
    let touched = false;
    try {
      return work(() => {
        touched = true;
      });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      throw new ResourceFailure(error, thing(), touched);
    }
  }

  #subject(
    target: { id: string; arn: string; region: string; properties: JsonObject },
    previous: JsonObject | null,
  ): Subject {
    const account = this.#account;
    return {
      account,
      world: account.world,
      caller: this.#caller,
      region: target.region,
      stackRegion: this.#region,
      id: target.id,
      arn: target.arn,
      properties: target.properties,
      previous,
    };
  }

  #call(subject: Subject, rows: readonly Row[], touch: () => void = () => {}): void {
    for (const row of rows) {
      if (row.when !== undefined && !row.when(subject)) continue;
      const on = row.on === 'self' ? subject.arn : row.on === '*' ? '*' : row.on(subject);
      for (const resource of [on].flat()) {
        const region = resource.split(':')[3] || (subject.region === 'global' ? 'global' : this.#region);
        const context = {
          ...row.context?.(subject),
          ...viaContext(row, region, this.#account.world.suffix, this.#caller),
        };
        const call = { action: row.action, resource, region, context };
        if (row.optional !== true) this.#account.authorize(this.#caller, call);
        if (!/:(Describe|Get|List)/.test(row.action)) touch();
      }
    }
  }

  #checkName({ type, named, taken }: Handler, { world, region, properties }: Subject): void {
    const name = named === undefined ? undefined : textAt(properties, named);
    if (named === undefined || name === undefined || taken === undefined) return;
    const others = world.all(type, type === 'AWS::S3::Bucket' ? undefined : region);
    if (others.some((thing) => thing.id === name || textAt(thing.properties, named) === name)) {
      throw new AwsError(taken.code, taken.message(name), { status: 409 });
    }
  }

  #waitFor(check: () => void): void {
    const { clock } = this.#account.world;
    const until = clock.now + PATIENCE_MS;
    for (;;) {
      try {
        check();
        return;
      } catch (error) {
        const held =
          error instanceof AwsError &&
          error.code === 'DependencyViolation' &&
          /network interface/.test(error.message);
        if (!held || clock.now >= until) throw error;
        clock.advance(60_000);
      }
    }
  }
}

/** IAM User Guide, "Forward access sessions": who called first stays, and the services on the way are named. */
function viaContext(
  { via, action }: Row,
  region: string,
  suffix: string,
  { context }: Caller,
): ContextValues {
  if (via === undefined) return {};
  const service = `${via}.amazonaws.com`;
  const earlier = [context['aws:CalledVia'] ?? []].flat();
  return {
    'aws:ViaAWSService': 'true',
    'aws:CalledVia': [...earlier, service],
    'aws:CalledViaFirst': earlier[0] ?? service,
    'aws:CalledViaLast': service,
    ...(action.startsWith('kms:') ? { 'kms:ViaService': `${via}.${region}.${suffix}` } : {}),
  };
}

function checkLengths(type: string, properties: JsonObject): void {
  for (const [property, limit] of Object.entries(LENGTHS[type] ?? {})) {
    const length = textAt(properties, property)?.length ?? 0;
    if (length > limit) {
      throw new AwsError('ValidationError', `${property} has ${length} characters; ${limit} are allowed`);
    }
  }
}
