// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { PolicyDocument } from '@enclave-vault/emulator-iam';
import { Clock } from './clock.ts';
import type { JsonObject } from './json.ts';
import { Objects } from './objects.ts';

/** A resource as it is in the account, whoever made it. */
export interface Thing {
  readonly type: string;
  /** Its Region; the services without Regions have `global`. */
  readonly region: string;
  /** CloudFormation's physical id: what Ref gives. */
  readonly id: string;
  readonly arn: string;
  /** As last created or updated. */
  properties: JsonObject;
  /** What Fn::GetAtt gives. */
  attributes: Readonly<Record<string, string>>;
  /** Its own policy, principals stored by their unique ids. */
  policy: PolicyDocument | null;
  /** IAM's unique id, of a role. */
  readonly uniqueId?: string;
  /** Stack that it belongs to, by its ARN. */
  stack?: string;
  /** Of a KMS key: usable no more from then on, and gone. */
  deletionAt?: number;
}

/** A network interface that a service has not taken back yet: it holds its subnet and its security groups. */
export interface Lingering {
  readonly subnets: readonly string[];
  readonly groups: readonly string[];
  /** ms since the epoch */
  readonly until: number;
}

export interface WorldOptions {
  readonly partition?: string;
  /** 12 digits. */
  readonly account: string;
  readonly clock?: Clock;
  /** CloudFormation's own and other services' roles that the account has from earlier days, by their service's name. */
  readonly serviceLinkedRoles?: readonly string[];
  /** Role that API Gateway writes logs with, where the account has one set. */
  readonly apiGatewayLogRole?: string | null;
}

/** Everything that an account holds. What may be done to it is decided elsewhere. */
export class World {
  readonly partition: string;
  readonly account: string;
  readonly clock: Clock;
  readonly objects: Objects;
  readonly serviceLinkedRoles: Set<string>;
  apiGatewayLogRole: string | null;
  lingering: readonly Lingering[] = [];
  /** Rules of default security groups that somebody took away. */
  readonly revokedRules = new Set<string>();
  /** Changes whenever a role or user comes or goes. */
  identities = 0;
  readonly #things = new Map<string, Thing>();
  readonly #byArn = new Map<string, Thing>();
  readonly #byType = new Map<string, Set<Thing>>();
  #counter = 0;

  constructor(options: WorldOptions) {
    this.partition = options.partition ?? 'aws';
    this.account = options.account;
    this.clock = options.clock ?? new Clock();
    this.objects = new Objects(() => this.clock.now);
    this.serviceLinkedRoles = new Set(options.serviceLinkedRoles);
    this.apiGatewayLogRole = options.apiGatewayLogRole ?? null;
  }

  /** `amazonaws.com`, or what the partition has instead. */
  get suffix(): string {
    return this.partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  }

  add(thing: Thing): void {
    this.#things.set(key(thing.type, thing.region, thing.id), thing);
    this.#byArn.set(thing.arn, thing);
    const alike = this.#byType.get(thing.type) ?? new Set();
    this.#byType.set(thing.type, alike.add(thing));
    if (thing.uniqueId !== undefined) this.identities += 1;
  }

  remove(thing: Thing): void {
    this.#things.delete(key(thing.type, thing.region, thing.id));
    if (this.#byArn.get(thing.arn) === thing) this.#byArn.delete(thing.arn);
    this.#byType.get(thing.type)?.delete(thing);
    if (thing.uniqueId !== undefined) this.identities += 1;
  }

  find(type: string, region: string, id: string): Thing | undefined {
    return this.#things.get(key(type, region, id));
  }

  /** Things of a type, in all Regions or in one. */
  all(type: string, region?: string): readonly Thing[] {
    const alike = [...(this.#byType.get(type) ?? [])];
    return region === undefined ? alike : alike.filter((thing) => thing.region === region);
  }

  get things(): readonly Thing[] {
    return [...this.#things.values()];
  }

  byArn(arn: string): Thing | undefined {
    return this.#byArn.get(arn);
  }

  /**
   * What an ARN of a request is part of: an object's bucket, a table's index, a function's version. Undefined where
   * nothing of that ARN is there.
   */
  owner(arn: string): Thing | undefined {
    const exact = this.byArn(arn);
    if (exact !== undefined) return exact;
    const [, , service, , , ...rest] = arn.split(':');
    if (service === 's3') return this.byArn(arn.split('/')[0] ?? arn);
    if (service === 'dynamodb') return this.byArn(arn.split('/').slice(0, 2).join('/'));
    if (service === 'lambda') return this.byArn(arn.split(':').slice(0, 7).join(':'));
    if (service === 'logs' && rest.at(-1) === '*') return this.byArn(arn.slice(0, -2));
    return undefined;
  }

  /** Letters and digits that nothing else has: the same ones in the same life of an account. */
  fresh(length: number, alphabet: 'hex' | 'base36' | 'base36upper' = 'hex'): string {
    this.#counter += 1;
    const digest = createHash('sha512').update(`${this.account} ${this.#counter}`).digest();
    if (alphabet === 'hex') return digest.toString('hex').slice(0, length);
    const text = [...digest].map((byte) => (byte % 36).toString(36)).join('');
    return (alphabet === 'base36' ? text : text.toUpperCase()).slice(0, length);
  }

  /** Interfaces that still hold a subnet or a group. */
  holding(id: string): boolean {
    this.lingering = this.lingering.filter(({ until }) => until > this.clock.now);
    return this.lingering.some(({ subnets, groups }) => subnets.includes(id) || groups.includes(id));
  }
}

function key(type: string, region: string, id: string): string {
  return `${type} ${region} ${id}`;
}
