// SPDX-License-Identifier: Apache-2.0

type Scalar = string | number | boolean;

/** A policy as AWS stores it; {@link https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html}. */
export interface PolicyDocument {
  readonly Version?: string;
  readonly Id?: string;
  readonly Statement: Statement | readonly Statement[];
}

export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: PrincipalElement;
  readonly NotPrincipal?: PrincipalElement;
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, Scalar | readonly Scalar[]>>>>;
}

export type PrincipalElement = '*' | PrincipalMap;

export interface PrincipalMap {
  readonly AWS?: string | readonly string[];
  readonly Service?: string | readonly string[];
  readonly Federated?: string | readonly string[];
  readonly CanonicalUser?: string | readonly string[];
}

/** Where a policy hangs: it decides which elements it must and must not have. */
export type PolicyKind =
  | 'identity'
  | 'boundary'
  | 'session'
  | 'resource'
  | 'kms-key'
  | 'role-trust'
  | 'endpoint'
  | 'scp'
  | 'rcp';

export interface PolicyProblem {
  /** Where, as in `Statement[2].Condition.StringEquals`. Empty for the document itself. */
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

export type PrincipalType =
  | 'role'
  | 'assumed-role'
  | 'user'
  | 'federated-user'
  | 'root'
  | 'service'
  | 'anonymous';

/** Who asks. `role` is a session of that role whose name does not matter. */
export interface Principal {
  /** Role, session, user or root ARN; the service's name for a service; `*` for nobody. */
  readonly arn: string;
  readonly type: PrincipalType;
  /** 12 digits; absent for services and anonymous callers. */
  readonly account?: string | null | undefined;
  /** `cloudwatch.amazonaws.com`, for type `service`. Defaults to the ARN. */
  readonly service?: string | undefined;
  /** Role of an assumed-role session, with its path, which the session's ARN leaves out. */
  readonly roleArn?: string | undefined;
  /** Principal and session tags. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Organization id, `o-…`. */
  readonly organization?: string | undefined;
  /** `aws:userid`. */
  readonly userId?: string | undefined;
}

export type ContextValues = Readonly<Record<string, string | readonly string[]>>;

export interface AuthorizationRequest {
  readonly principal: Principal;
  /** `service:Operation`. */
  readonly action: string;
  /** ARN, or `*` for an operation that is on no resource. */
  readonly resource: string;
  readonly resourceAccount: string;
  /** Condition keys of the request. Keys about the principal are filled in and cannot be overridden here. */
  readonly context: ContextValues;
}

/** A policy with the name that explanations give it. */
export interface NamedPolicy {
  readonly name: string;
  readonly document: PolicyDocument;
}

export type PolicyInput = PolicyDocument | NamedPolicy;

/** Every policy that has a say. What is absent is not in force; an empty list of a level is in force and allows nothing. */
export interface PolicySet {
  readonly identity?: readonly PolicyInput[] | undefined;
  readonly boundary?: PolicyInput | undefined;
  readonly session?: PolicyInput | readonly PolicyInput[] | undefined;
  readonly resource?: PolicyInput | undefined;
  readonly endpoint?: PolicyInput | undefined;
  /** One list for each level: root, organizational units, account. */
  readonly scps?: readonly (readonly PolicyInput[])[] | undefined;
  readonly rcps?: readonly (readonly PolicyInput[])[] | undefined;
  /**
   * `required`: nothing is allowed that the resource policy neither allows nor delegates to the account (KMS keys, role
   * trust). `additive`: in one account either policy is enough. By default as the action's service has it.
   */
  readonly resourceMode?: 'required' | 'additive' | undefined;
}

export type Layer = 'rcp' | 'scp' | 'endpoint' | 'resource' | 'identity' | 'boundary' | 'session';

export interface ConditionTrace {
  readonly operator: string;
  readonly key: string;
  readonly expected: readonly string[];
  /** Null: the request has no such key. */
  readonly actual: readonly string[] | null;
  readonly matched: boolean;
}

export interface StatementTrace {
  readonly layer: Layer;
  /** Name of the policy within all that were asked. */
  readonly policy: string;
  readonly sid: string | undefined;
  readonly index: number;
  readonly effect: 'Allow' | 'Deny';
  readonly matched: boolean;
  /** The first element that did not match. */
  readonly failed: 'action' | 'resource' | 'principal' | 'condition' | null;
  /** Conditions evaluated, the failing one last. */
  readonly conditions: readonly ConditionTrace[];
}

export type DecisionKind = 'allow' | 'explicit_deny' | 'implicit_deny';

export interface DecidedBy {
  readonly layer: Layer;
  readonly policy: string;
  readonly sid?: string;
  readonly index: number;
}

export interface Decision {
  readonly allowed: boolean;
  readonly kind: DecisionKind;
  /** The statement that allowed or denied; absent when an Allow is missing. */
  readonly decidedBy?: DecidedBy;
  /** Which kind of policy lacks the Allow, for an implicit deny. */
  readonly missing?: Layer;
  readonly request: { readonly principal: string; readonly action: string; readonly resource: string };
  readonly trace: readonly StatementTrace[];
}
