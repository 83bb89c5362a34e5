// SPDX-License-Identifier: Apache-2.0
import {
  type ContextValues,
  type Decision,
  evaluateRequest,
  explain,
  type PolicyDocument,
  type PolicySet,
} from '@enclave-vault/emulator-iam';
import { presentPolicy } from './documents.ts';
import { AwsError } from './errors.ts';
import { type Caller, policiesOf, tagsOf } from './identities.ts';
import { textAt } from './json.ts';
import { type Thing, World, type WorldOptions } from './world.ts';

/** One operation of a service on one resource. */
export interface Call {
  /** `service:Operation`. */
  readonly action: string;
  /** ARN, or `*`. */
  readonly resource: string;
  readonly region: string;
  readonly context?: ContextValues;
  /** Policy of the resource in place of the one that it has: for a resource that is not there yet. */
  readonly policy?: PolicyDocument | null;
}

/** What an account was asked, and what it said. */
export interface JournalEntry {
  readonly caller: string;
  readonly action: string;
  readonly resource: string;
  readonly allowed: boolean;
}

export interface AccountOptions extends WorldOptions {
  /** Service control policies, a list for each level; none by default. */
  readonly scps?: PolicySet['scps'];
  readonly rcps?: PolicySet['rcps'];
}

/** An account with its gate: every call of a handler or of a client passes {@link Account.authorize}. */
export class Account {
  readonly world: World;
  readonly journal: JournalEntry[] = [];
  readonly #scps: PolicySet['scps'];
  readonly #rcps: PolicySet['rcps'];

  constructor(options: AccountOptions) {
    this.world = new World(options);
    this.#scps = options.scps;
    this.#rcps = options.rcps;
  }

  /**
   * @throws {AwsError} `AccessDenied`, with the explanation of emulators/iam
   */
  authorize(caller: Caller, call: Call): void {
    const decision = this.decide(caller, call);
    const { action, resource } = call;
    this.journal.push({
      caller: caller.principal.roleArn ?? caller.principal.arn,
      action,
      resource,
      allowed: decision.allowed,
    });
    if (decision.allowed) return;
    throw new AwsError(
      'AccessDenied',
      `User: ${caller.principal.arn} is not authorized to perform: ${action} on resource: ${resource}`,
      { status: 403, explanation: explain(decision) },
    );
  }

  decide(caller: Caller, call: Call): Decision {
    const { world } = this;
    const owner = world.owner(call.resource);
    const { identity, boundary } = policiesOf(world, caller);
    const stored = call.policy === undefined ? (owner?.policy ?? null) : call.policy;
    return evaluateRequest(
      {
        principal: caller.principal,
        action: call.action,
        resource: call.resource,
        resourceAccount: world.account,
        context: { ...this.#context(call, owner), ...caller.context, ...call.context },
      },
      {
        identity,
        boundary,
        resource: stored === null ? undefined : presentPolicy(world, stored),
        scps: this.#scps,
        rcps: this.#rcps,
      },
    );
  }

  /** Keys that follow from time, Region and target (IAM User Guide, "AWS global condition context keys"). */
  #context({ region, action }: Call, owner: Thing | undefined): Record<string, string | readonly string[]> {
    const { world } = this;
    const now = world.clock.now;
    const context: Record<string, string | readonly string[]> = {
      'aws:RequestedRegion': region === 'global' ? 'us-east-1' : region,
      'aws:SecureTransport': 'true',
      'aws:CurrentTime': new Date(now).toISOString(),
      'aws:EpochTime': String(Math.floor(now / 1000)),
    };
    for (const [name, value] of Object.entries(owner === undefined ? {} : tagsOf(owner.properties))) {
      context[`aws:ResourceTag/${name}`] = value;
    }
    if (action.startsWith('kms:')) Object.assign(context, this.#kmsContext(owner));
    return context;
  }

  /** KMS Developer Guide, "AWS KMS condition keys": those that the key itself decides. */
  #kmsContext(owner: Thing | undefined): Record<string, string | readonly string[]> {
    const caller = { 'kms:CallerAccount': this.world.account };
    if (owner?.type !== 'AWS::KMS::Key' && owner?.type !== 'AWS::KMS::ReplicaKey') return caller;
    const aliases = this.world
      .all('AWS::KMS::Alias', owner.region)
      .filter(({ properties }) => [owner.id, owner.arn].includes(textAt(properties, 'TargetKeyId') ?? ''))
      .map(({ id }) => id);
    return {
      ...caller,
      ...keyConditions(owner.properties),
      ...(aliases.length > 0 ? { 'kms:ResourceAliases': aliases } : {}),
    };
  }
}

/** The properties of a key that are condition keys, for CreateKey and for everything on the key afterwards. */
export function keyConditions(properties: Thing['properties']): Record<string, string> {
  return {
    'kms:KeySpec': textAt(properties, 'KeySpec') ?? 'SYMMETRIC_DEFAULT',
    'kms:KeyUsage': textAt(properties, 'KeyUsage') ?? 'ENCRYPT_DECRYPT',
    'kms:KeyOrigin': textAt(properties, 'Origin') ?? 'AWS_KMS',
    'kms:MultiRegion': String(properties.MultiRegion === true),
  };
}
