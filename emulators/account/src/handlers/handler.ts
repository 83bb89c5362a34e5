// SPDX-License-Identifier: Apache-2.0
import type { ContextValues } from '@enclave-vault/emulator-iam';
import type { Account } from '../account.ts';
import type { Caller } from '../identities.ts';
import { tagsOf } from '../identities.ts';
import { at, canonical, type JsonObject, textAt } from '../json.ts';
import type { World } from '../world.ts';

/*
 * What CloudFormation does for a resource type, as a table. The rows are the `handlers.*.permissions` of the type's
 * registry schema, less those that our kind of properties never sets off, each with the resource that the operation is
 * authorized on (Service Authorization Reference) and the property that calls for it. Types whose schema lists no
 * handlers (older ones, made inside CloudFormation) have the calls that their documentation and CloudTrail name.
 */

/** A resource as one operation sees it. */
export interface Subject {
  readonly account: Account;
  readonly world: World;
  /** Who makes the calls: the stack's role, or whoever started the operation. */
  readonly caller: Caller;
  /** `global` for the services without Regions. */
  readonly region: string;
  /** Region of the stack. */
  readonly stackRegion: string;
  readonly id: string;
  readonly arn: string;
  readonly properties: JsonObject;
  /** Before an update; null otherwise. */
  readonly previous: JsonObject | null;
}

/** An operation of a service, the resources that it is on, and when it is called at all. */
export interface Row {
  readonly action: string;
  readonly on: 'self' | '*' | ((subject: Subject) => string | readonly string[]);
  readonly when?: (subject: Subject) => boolean;
  /** Condition keys of this request. */
  readonly context?: (subject: Subject) => ContextValues;
  /** The service that calls for the caller, by a forward access session: `dynamodb`. */
  readonly via?: string;
  /** Without the right CloudFormation does less, and does not fail. */
  readonly optional?: true;
}

export interface Identity {
  /** What Ref gives. */
  readonly id: string;
  readonly arn: string;
  /** What Fn::GetAtt gives. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Of an IAM role. */
  readonly uniqueId?: string;
}

/** What a new resource is named by. */
export interface Draft {
  readonly world: World;
  readonly region: string;
  readonly stackName: string;
  readonly logicalId: string;
  readonly properties: JsonObject;
}

export interface Handler {
  readonly type: string;
  /** True where the service has one place for all Regions. */
  readonly global?: true;
  /** Property that names the resource: unique in account and Region, and no replacement while it stays the same. */
  readonly named?: string;
  /** What another of this name is refused with. */
  readonly taken?: { readonly code: string; readonly message: (name: string) => string };
  /** Properties whose change makes another resource. `*`: every one. */
  readonly createOnly: readonly string[];
  readonly create: readonly Row[];
  readonly read: readonly Row[];
  readonly update: readonly Row[];
  readonly remove: readonly Row[];
  readonly identify: (draft: Draft) => Identity;
  /** What the service refuses beyond authorization, on creation and update. @throws {AwsError} */
  readonly check?: (subject: Subject) => void;
  /** What it brings about elsewhere in the account, and attributes that change. */
  readonly apply?: (subject: Subject) => Readonly<Record<string, string>> | undefined;
  /** What stands in the way of deletion. @throws {AwsError} */
  readonly removable?: (subject: Subject) => void;
  /** What deletion leaves behind or takes along. `stays`: the resource is there a while longer. */
  readonly gone?: (subject: Subject) => 'stays' | undefined;
}

type Options = Omit<Row, 'action' | 'on'>;

export function row(action: string, on: Row['on'] = 'self', options: Options = {}): Row {
  return { action, on, ...options };
}

/** Rows that are the same but for their action. */
export function rows(on: Row['on'], actions: readonly string[], options: Options = {}): readonly Row[] {
  return actions.map((action) => row(action, on, options));
}

/** On the tags of the request. */
export function withTags({ properties }: Pick<Subject, 'properties'>): ContextValues {
  const tags = Object.entries(tagsOf(properties));
  if (tags.length === 0) return {};
  return {
    ...Object.fromEntries(tags.map(([name, value]) => [`aws:RequestTag/${name}`, value])),
    'aws:TagKeys': tags.map(([name]) => name),
  };
}

/** Tags at creation: only where there are any. */
export function tagging(action: string, on: Row['on'] = 'self', context: ContextValues = {}): Row {
  return row(action, on, {
    when: ({ properties }) => Object.keys(tagsOf(properties)).length > 0,
    context: (subject) => ({ ...withTags(subject), ...context }),
  });
}

/** Tags in an update: what is set, and what is taken away. */
export function retagging(tag: string, untag: string, on: Row['on'] = 'self'): readonly Row[] {
  const names = (properties: JsonObject | null): string[] =>
    Object.keys(properties === null ? {} : tagsOf(properties));
  const removed = ({ previous, properties }: Subject): string[] =>
    names(previous).filter((name) => !names(properties).includes(name));
  return [
    row(tag, on, {
      when: (subject) => changed('Tags')(subject) && names(subject.properties).length > 0,
      context: withTags,
    }),
    row(untag, on, {
      when: (subject) => removed(subject).length > 0,
      context: (subject) => ({ 'aws:TagKeys': removed(subject) }),
    }),
  ];
}

/** IAM User Guide, "Granting a user permissions to pass a role to an AWS service". The names are the same in aws-cn. */
export function passRole(path: string, service: string): Row {
  return row('iam:PassRole', ({ properties }) => textAt(properties, path) ?? [], {
    when: has(path),
    context: () => ({ 'iam:PassedToService': `${service}.amazonaws.com` }),
  });
}

/** A service-linked role is made with the first resource that needs it, and needs a right of its own. */
export function serviceLinkedRole(service: string, when?: (subject: Subject) => boolean): Row {
  return row(
    'iam:CreateServiceLinkedRole',
    ({ world }) =>
      `arn:${world.partition}:iam::${world.account}:role/aws-service-role/${service}/AWSServiceRole`,
    {
      when: (subject) => !subject.world.serviceLinkedRoles.has(service) && (when?.(subject) ?? true),
      context: () => ({ 'iam:AWSServiceName': service }),
    },
  );
}

export function has(path: string): (subject: Pick<Subject, 'properties'>) => boolean {
  return ({ properties }) => {
    const value = at(properties, path);
    return value !== undefined && value !== null;
  };
}

export function is(path: string, wanted: boolean | string): (subject: Subject) => boolean {
  return ({ properties }) => String(at(properties, path)) === String(wanted);
}

/** In an update, whether a property is another one than before. */
export function changed(...paths: readonly string[]): (subject: Subject) => boolean {
  return ({ previous, properties }) =>
    paths.some((path) => canonical(at(previous ?? undefined, path)) !== canonical(at(properties, path)));
}

export function regional(service: string, resource: (draft: Draft, id: string) => string) {
  return (draft: Draft, id: string): string =>
    `arn:${draft.world.partition}:${service}:${draft.region}:${draft.world.account}:${resource(draft, id)}`;
}

/** A name of CloudFormation's making: `STACK-LOGICALID-RANDOM`. */
export function generatedName({ world, stackName, logicalId }: Draft): string {
  return `${stackName}-${logicalId}-${world.fresh(12, 'base36upper')}`;
}

/** Its own name where the template gives one. */
export function nameOf(draft: Draft, property: string): string {
  return textAt(draft.properties, property) ?? generatedName(draft);
}
