// SPDX-License-Identifier: Apache-2.0
import {
  type AuthorizationRequest,
  type Decision,
  evaluateRequest,
  type NamedPolicy,
  type PolicyDocument,
  type PolicyKind,
  type PolicySet,
  type Statement,
} from '@enclave-vault/emulator-iam';
import type { Account } from './account.ts';
import type { Cell } from './table.ts';
import { ACCOUNT, callerOf, EVERYTHING, placeOf } from './who.ts';

/** `given`: as the templates have it. `hostile`: an Allow of everything is in the identity's and in the resource's policy. */
export const MODES = ['given', 'hostile'] as const;
export type Mode = (typeof MODES)[number];

/** A cell made ready: everything but the policies, which mutants exchange. */
export interface Question {
  readonly cell: Cell;
  readonly mode: Mode;
  readonly expected: string;
  readonly request: AuthorizationRequest;
  /** The policies that bind, of which one may be exchanged. */
  readonly policiesOf: (exchanged?: { readonly id: string; readonly document: PolicyDocument }) => PolicySet;
  readonly decide: (exchanged?: { readonly id: string; readonly document: PolicyDocument }) => Decision;
  /** Whether the one statement of a document applies to the request. */
  readonly meets: (document: PolicyDocument, kind: PolicyKind) => boolean;
}

/** Both questions of a cell. */
export function questionsOf(account: Account, cell: Cell): Question[] {
  return MODES.map((mode) => question(account, cell, mode));
}

/** In the words of {@link Cell.answer}. */
export function answerOf(decision: Decision): string {
  if (decision.allowed) return 'allow';
  const { decidedBy, missing } = decision;
  if (decidedBy === undefined) return missing ?? 'nothing';
  const where = decidedBy.layer === 'resource' ? '' : `${decidedBy.layer}:`;
  return `${where}${decidedBy.sid ?? decidedBy.index}`;
}

function question(account: Account, cell: Cell, mode: Mode): Question {
  const service = cell.action.split(':')[0] ?? '';
  const caller = callerOf(account, cell.who);
  const place = placeOf(account, cell.where, service);
  const request = {
    principal: caller.principal,
    action: cell.action,
    resource: cell.resource,
    resourceAccount: accountIn(cell.resource),
    context: withOut({ ...DEFAULTS, ...caller.context, ...place.context }, cell.context),
  };
  const on = cell.opened ? null : policyOn(account, cell);
  const ids = idsOf(account, caller);
  const set = (exchanged?: { readonly id: string; readonly document: PolicyDocument }): PolicySet => {
    const named = (id: string): NamedPolicy => ({
      name: id,
      document: exchanged?.id === id ? exchanged.document : documentOf(account, id),
    });
    const own = caller.has !== null && 'identity' in caller.has ? [caller.has.identity] : [];
    return {
      identity: [...(mode === 'hostile' ? [EVERYTHING] : []), ...own, ...ids.identity.map(named)],
      boundary: ids.boundary === null ? undefined : named(ids.boundary),
      resource: cell.opened ? openedPolicy(cell) : on === null ? undefined : resourcePolicy(named(on), mode),
      endpoint: place.endpoint === null ? undefined : named(place.endpoint),
    };
  };
  return {
    cell,
    mode,
    expected: mode === 'given' ? cell.answer : (cell.hostile ?? followed(cell.answer, on !== null)),
    request,
    policiesOf: set,
    decide: (exchanged) => evaluateRequest(request, set(exchanged)),
    meets: (document, kind) => {
      const alone = LAYERS[kind];
      const { trace } = evaluateRequest(
        request,
        alone === undefined ? { resource: document } : alone(document),
      );
      return trace[0]?.matched === true;
    },
  };
}

/** Where a document is put to ask about its statement alone; the others are the resource's. */
const LAYERS: Partial<Record<PolicyKind, (document: PolicyDocument) => PolicySet>> = {
  identity: (document) => ({ identity: [document] }),
  boundary: (document) => ({ identity: [], boundary: document }),
  endpoint: (document) => ({ endpoint: document }),
};

/** A key whose policy leaves everything to the account's identity policies; other resources need none. */
function openedPolicy({ action }: Cell): PolicyDocument | undefined {
  return action.startsWith('kms:') ? OPEN_KEY : undefined;
}

const OPEN_KEY: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [
    { Sid: 'Delegate', Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'kms:*', Resource: '*' },
  ],
};

/**
 * What an answer becomes when everything is allowed. A Deny stays, and so does what an endpoint or a boundary leaves out;
 * but a resource's own Allow for everybody passes by boundaries (IAM User Guide, "Permissions boundaries for IAM entities").
 */
function followed(answer: string, hasPolicy: boolean): string {
  if (answer === 'identity' || answer === 'resource') return 'allow';
  return answer === 'boundary' && hasPolicy ? 'allow' : answer;
}

const DEFAULTS = { 'aws:SecureTransport': 'true', 'aws:RequestedRegion': 'eu-central-1' } as const;

function withOut(base: Readonly<Record<string, string | readonly string[]>>, changes: Cell['context']) {
  return Object.fromEntries(
    Object.entries({ ...base, ...changes }).filter(
      (entry): entry is [string, string | readonly string[]] => entry[1] !== null,
    ),
  );
}

function idsOf(account: Account, { has }: ReturnType<typeof callerOf>) {
  if (has === null) return { identity: [], boundary: null };
  if (!('role' in has)) return { identity: [], boundary: has.boundary ?? null };
  const { identity, boundary } = account.roles.get(has.role) ?? { identity: [], boundary: null };
  return { identity, boundary };
}

function documentOf(account: Account, id: string): PolicyDocument {
  const found = account.policies.get(id);
  if (found === undefined) throw new TypeError(`no policy ${id}`);
  return found.document;
}

/** Which policy of a resource has a say in a request. */
function policyOn({ resources }: Account, { action, resource, who }: Cell): string | null {
  const [service] = action.split(':');
  // A role's trust is about taking it; what is done to it, identity policies decide.
  if (service === 'iam') return null;
  // Policies of CloudWatch Logs let services in; that they bind an account's own principals is documented nowhere.
  if (service === 'logs' && !who.endsWith('!')) return null;
  const parts = [
    resource,
    resource.split('/')[0],
    resource.split('/').slice(0, 2).join('/'),
    resource.split(':').slice(0, 7).join(':'),
    resource.split(':').slice(0, 5).join(':'),
  ];
  const owner = parts.find((part) => part !== undefined && resources.has(part));
  return owner === undefined ? null : (resources.get(owner) ?? null);
}

function accountIn(resource: string): string {
  return resource.split(':')[4] || ACCOUNT;
}

const slipped = new WeakMap<PolicyDocument, PolicyDocument>();

/** The policy with an Allow of everything to everybody before its own statements. */
function resourcePolicy({ name, document }: NamedPolicy, mode: Mode): NamedPolicy | undefined {
  const own = document.Statement as readonly Statement[];
  if (mode === 'given') return own.length === 0 ? undefined : { name, document };
  const known = slipped.get(document);
  if (known !== undefined) return { name, document: known };
  const [first] = own;
  // A trust policy has no Resource.
  const where = first !== undefined && first.Resource === undefined ? {} : { Resource: '*' };
  const hostile: Statement = { Sid: 'Hostile', Effect: 'Allow', Principal: '*', Action: '*', ...where };
  // At the end, so that the index of every statement is what it was.
  const made = { ...document, Statement: [...own, hostile] };
  slipped.set(document, made);
  return { name, document: made };
}
