// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { DeployError } from '../../src/errors.ts';
import type { ChangeSetRequest, ChangeSetState, StackEvent, StackState, Stacks } from '../../src/ports.ts';

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}
interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown }>>;
}

interface Kept {
  id: string;
  status: string;
  tags: Readonly<Record<string, string>>;
  template: string | undefined;
  outputs: Record<string, string>;
  protection: boolean;
  role: string | undefined;
  /** Status after some looks, as CloudFormation needs time for everything. */
  next: string | undefined;
  /** How many: the last of them sees the old one still. */
  looks: number;
  onEnd: (() => void) | undefined;
}

/** What a test has to say about the next operation on a stack. */
export interface Trouble {
  readonly logicalId?: string;
  readonly type?: string;
  readonly reason: string;
  /** CloudFormation cannot go back either. */
  readonly stuck?: boolean;
}

/**
 * CloudFormation as the plans see it, in memory: change sets, some looks of time for each operation, events, and what a
 * test makes fail. It knows no resources; outputs are what a test gives for a stack.
 */
export class FakeStacks implements Stacks {
  readonly region: string;
  /** Every call that changes something, in order: `execute vault-keys`, … */
  readonly done: string[] = [];
  /** How many looks an operation takes that is begun now. */
  looks = 1;
  readonly requests: ChangeSetRequest[] = [];
  /** Thrown by the next proposals, one each. */
  readonly refusals: DeployError[] = [];
  /** What drift-aware change sets find of a stack, until one is executed. */
  readonly drift = new Map<string, ChangeSetState>();
  readonly #stacks = new Map<string, Kept>();
  readonly #gone = new Map<string, Kept & { name: string }>();
  readonly #sets = new Map<string, { request: ChangeSetRequest; state: ChangeSetState; template: string }>();
  readonly #events = new Map<string, StackEvent[]>();
  readonly #troubles = new Map<string, Trouble[]>();
  readonly #outputsOf: (stack: string, template: string) => Record<string, string>;
  readonly #observe: (stack: string, template: string) => void;
  readonly #fetch: (url: string) => string;
  #count = 0;

  constructor(
    options: {
      readonly region?: string;
      readonly outputs?: (stack: string, template: string) => Record<string, string>;
      /** Told of every template that came to be what a stack is. */
      readonly observe?: (stack: string, template: string) => void;
      readonly fetch?: (url: string) => string;
    } = {},
  ) {
    this.region = options.region ?? 'eu-central-1';
    this.#outputsOf = options.outputs ?? (() => ({}));
    this.#observe = options.observe ?? (() => undefined);
    this.#fetch =
      options.fetch ??
      (() => {
        throw new Error('no bucket');
      });
  }

  /** The next operation on the stack fails like this. `delete NAME` is its deletion. */
  fail(stack: string, trouble: Trouble): void {
    this.#troubles.set(stack, [...(this.#troubles.get(stack) ?? []), trouble]);
  }

  /** A stack as an earlier run, or somebody else, left it. */
  put(name: string, status: string, tags: Record<string, string>, next?: string): string {
    const kept = this.#make(name, tags);
    kept.status = status;
    kept.next = next;
    kept.template = '{"Resources":{}}';
    return kept.id;
  }

  set(name: string, change: Partial<Pick<Kept, 'status' | 'template' | 'next' | 'looks'>>): void {
    Object.assign(this.#demand(name), change);
  }

  /** CloudFormation is at work on a stack that is there, and for so many looks yet. */
  busy(name: string, status = 'UPDATE_IN_PROGRESS', looks = 20): void {
    this.set(name, { status, next: 'UPDATE_COMPLETE', looks });
  }

  names(): string[] {
    return [...this.#stacks.keys()];
  }

  async describe(stack: string): Promise<StackState | undefined> {
    const found = this.#find(stack);
    if (found === undefined) return undefined;
    const [name, kept] = found;
    const state = {
      name,
      id: kept.id,
      status: kept.status,
      tags: kept.tags,
      outputs: kept.status.startsWith('REVIEW') ? {} : { ...kept.outputs },
      terminationProtection: kept.protection,
    };
    if (kept.next !== undefined && --kept.looks <= 0) {
      kept.status = kept.next;
      kept.next = undefined;
      this.#event(kept.id, name, 'AWS::CloudFormation::Stack', kept.status);
      kept.onEnd?.();
      kept.onEnd = undefined;
    }
    return state;
  }

  async template(stack: string): Promise<string> {
    const { template } = this.#demand(stack);
    if (template === undefined) throw new DeployError('service_failed', `${stack} has no template`);
    return template;
  }

  async propose(request: ChangeSetRequest): Promise<string> {
    this.requests.push(request);
    const refused = this.refusals.shift();
    if (refused !== undefined) throw refused;
    const kept =
      this.#stacks.get(request.stack) ??
      (request.kind === 'CREATE' ? this.#make(request.stack, {}) : this.#demand(request.stack));
    const template = 'body' in request.template ? request.template.body : this.#fetch(request.template.url);
    const unchanged = kept.template === template;
    const id = `arn:changeset/${request.changeSet}/${++this.#count}`;
    const drift = request.revertDrift === true ? this.drift.get(request.stack) : undefined;
    const state: ChangeSetState = drift
      ? drift
      : unchanged
        ? { status: 'FAILED', reason: "The submitted information didn't contain changes.", changes: [] }
        : { status: 'CREATE_COMPLETE', changes: changesBetween(kept.template, template) };
    this.#sets.set(id, { request, state, template });
    return id;
  }

  async proposal(changeSet: string): Promise<ChangeSetState> {
    return this.#set(changeSet).state;
  }

  async withdraw(changeSet: string): Promise<void> {
    this.#set(changeSet);
    this.#sets.delete(changeSet);
  }

  async execute(changeSet: string): Promise<void> {
    const { request, template } = this.#set(changeSet);
    this.#sets.delete(changeSet);
    const kept = this.#demand(request.stack);
    if (request.revertDrift === true) this.drift.delete(request.stack);
    const verb = request.kind === 'CREATE' ? 'CREATE' : 'UPDATE';
    this.done.push(`${verb.toLowerCase()} ${request.stack}`);
    kept.tags = request.tags;
    this.#begin(kept, request.stack, `${verb}_IN_PROGRESS`);
    const trouble = this.#troubles.get(request.stack)?.shift();
    if (trouble !== undefined) {
      this.#event(
        kept.id,
        trouble.logicalId ?? 'Thing',
        trouble.type ?? 'AWS::Some::Thing',
        `${verb}_FAILED`,
        trouble.reason,
      );
      this.#event(kept.id, 'Other', 'AWS::Some::Other', `${verb}_FAILED`, 'Resource creation cancelled');
      const back = verb === 'CREATE' ? 'ROLLBACK' : 'UPDATE_ROLLBACK';
      kept.next = trouble.stuck ? `${back}_FAILED` : `${back}_COMPLETE`;
      return;
    }
    kept.next = `${verb}_COMPLETE`;
    kept.onEnd = () => {
      kept.template = template;
      kept.role = request.role;
      kept.outputs = this.#outputsOf(request.stack, template);
      this.#observe(request.stack, template);
    };
  }

  async remove(stack: string): Promise<void> {
    const found = this.#find(stack);
    if (found === undefined) throw new DeployError('service_failed', `no stack ${stack}`);
    const [name, kept] = found;
    if (kept.protection) throw new DeployError('service_failed', `${name} has termination protection`);
    this.done.push(`delete ${name}`);
    this.#begin(kept, name, 'DELETE_IN_PROGRESS');
    const trouble = this.#troubles.get(`delete ${name}`)?.shift();
    if (trouble !== undefined) {
      this.#event(
        kept.id,
        trouble.logicalId ?? 'Thing',
        trouble.type ?? 'AWS::Some::Thing',
        'DELETE_FAILED',
        trouble.reason,
      );
      kept.next = 'DELETE_FAILED';
      return;
    }
    kept.next = 'DELETE_COMPLETE';
    kept.onEnd = () => {
      this.#stacks.delete(name);
      this.#gone.set(kept.id, { ...kept, name, status: 'DELETE_COMPLETE' });
    };
  }

  async protect(stack: string, on: boolean): Promise<void> {
    this.done.push(`${on ? 'protect' : 'unprotect'} ${stack}`);
    this.#demand(stack).protection = on;
  }

  async *events(stack: string): AsyncIterable<StackEvent> {
    const id = this.#find(stack)?.[1].id ?? stack;
    yield* [...(this.#events.get(id) ?? [])].reverse();
  }

  #begin(kept: Kept, name: string, status: string): void {
    kept.status = status;
    kept.looks = this.looks;
    this.#event(kept.id, name, 'AWS::CloudFormation::Stack', status);
  }

  #make(name: string, tags: Readonly<Record<string, string>>): Kept {
    const kept: Kept = {
      id: `arn:aws:cloudformation:${this.region}:111122223333:stack/${name}/${++this.#count}`,
      status: 'REVIEW_IN_PROGRESS',
      tags,
      template: undefined,
      outputs: {},
      protection: false,
      role: undefined,
      next: undefined,
      looks: 0,
      onEnd: undefined,
    };
    this.#stacks.set(name, kept);
    this.#event(kept.id, name, 'AWS::CloudFormation::Stack', kept.status);
    return kept;
  }

  #find(stack: string): readonly [string, Kept] | undefined {
    for (const [name, kept] of this.#stacks) if (name === stack || kept.id === stack) return [name, kept];
    const gone = this.#gone.get(stack);
    return gone && [gone.name, gone];
  }

  #demand(stack: string): Kept {
    const found = this.#find(stack);
    if (found === undefined) throw new DeployError('service_failed', `no stack ${stack}`);
    return found[1];
  }

  #set(id: string) {
    const found = this.#sets.get(id);
    if (found === undefined) throw new DeployError('service_failed', `no change set ${id}`);
    return found;
  }

  #event(id: string, logicalId: string, type: string, status: string, reason?: string): void {
    const list = this.#events.get(id) ?? [];
    list.push({
      id: String(++this.#count),
      time: 1_700_000_000_000 + this.#count,
      logicalId,
      type,
      status,
      ...(reason === undefined ? {} : { reason }),
    });
    this.#events.set(id, list);
  }
}

function changesBetween(before: string | undefined, after: string): ChangeSetState['changes'] {
  const old = before === undefined ? {} : (JSON.parse(before) as Template).Resources;
  const now = (JSON.parse(after) as Template).Resources;
  const digest = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');
  const common = { replacement: 'False', properties: [] };
  return [
    ...Object.entries(now)
      .filter(([id, resource]) => digest(old[id] ?? null) !== digest(resource))
      .map(([logicalId, { Type }]) => ({
        ...common,
        action: old[logicalId] === undefined ? 'Add' : 'Modify',
        logicalId,
        type: Type,
        // As CloudFormation does where a property cannot be changed in place.
        replacement: old[logicalId] !== undefined && old[logicalId]?.Type !== Type ? 'True' : 'False',
      })),
    ...Object.entries(old)
      .filter(([id]) => now[id] === undefined)
      .map(([logicalId, { Type }]) => ({ ...common, action: 'Remove', logicalId, type: Type })),
  ];
}
