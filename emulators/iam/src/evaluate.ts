// SPDX-License-Identifier: Apache-2.0
import { compilePolicy } from './compile.ts';
import { requestContext, roleArnOf } from './context.ts';
import { combine, type Finding, matchPolicy, NOTHING, type Question } from './match.ts';
import { callerOf } from './principal.ts';
import type {
  AuthorizationRequest,
  Decision,
  Layer,
  PolicyInput,
  PolicyKind,
  PolicySet,
  StatementTrace,
} from './types.ts';

/**
 * Decides a request as AWS does: any Deny wins; then every kind of policy in force must let the request through, and
 * identity and resource policies together must grant it (IAM User Guide, "How AWS enforcement code logic evaluates
 * requests to allow or deny access" and "Cross-account policy evaluation logic"; KMS Developer Guide, "Key policies").
 * @throws {PolicyError} `malformed_policy` when any document is one that AWS would not have stored
 */
export function evaluateRequest(request: AuthorizationRequest, policies: PolicySet): Decision {
  const trace: StatementTrace[] = [];
  const question: Question = {
    caller: callerOf(request.principal),
    action: request.action,
    resource: request.resource,
    context: requestContext(request),
  };
  const ask = (layer: Layer, kind: PolicyKind, inputs: readonly PolicyInput[]): Finding =>
    inputs.reduce<Finding>((sum, input, index) => {
      const named = 'document' in input ? input : null;
      const compiled = compilePolicy(
        named?.document ?? (input as Exclude<PolicyInput, { name: string }>),
        kind,
      );
      const numbered = inputs.length > 1 ? `${LAYER_NAMES[layer]} ${index + 1}` : LAYER_NAMES[layer];
      const name = named?.name ?? (compiled.id === undefined ? numbered : `${compiled.id} policy`);
      return combine(sum, matchPolicy(compiled, layer, name, question, trace));
    }, NOTHING);

  const mode = policies.resourceMode ?? defaultMode(request);
  const kinds = applicable(request, policies);
  const findings: Record<Exclude<Layer, 'scp' | 'rcp'>, Finding> = {
    endpoint: ask('endpoint', 'endpoint', kinds.endpoint),
    resource: ask('resource', isTrust(request) ? 'role-trust' : 'resource', kinds.resource),
    identity: ask('identity', 'identity', kinds.identity),
    boundary: ask('boundary', 'boundary', kinds.boundary),
    session: ask('session', 'session', kinds.session),
  };
  const rcps = kinds.rcps.map((level) => ask('rcp', 'rcp', level));
  const scps = kinds.scps.map((level) => ask('scp', 'scp', level));
  const { endpoint, resource, identity, boundary, session } = findings;

  const described = {
    principal: request.principal.arn,
    action: request.action,
    resource: request.resource,
  };
  const decide = (kind: Decision['kind'], by: StatementTrace | null, missing?: Layer): Decision => ({
    allowed: kind === 'allow',
    kind,
    ...(by === null
      ? {}
      : {
          decidedBy: {
            layer: by.layer,
            policy: by.policy,
            index: by.index,
            ...(by.sid === undefined ? {} : { sid: by.sid }),
          },
        }),
    ...(missing === undefined ? {} : { missing }),
    request: described,
    trace,
  });

  for (const { deny } of [resource, endpoint, identity, boundary, session, ...rcps, ...scps]) {
    if (deny !== null) return decide('explicit_deny', deny);
  }
  if (rcps.some(({ allow }) => allow === null)) return decide('implicit_deny', null, 'rcp');
  if (scps.some(({ allow }) => allow === null)) return decide('implicit_deny', null, 'scp');
  if (kinds.endpoint.length > 0 && endpoint.allow === null) return decide('implicit_deny', null, 'endpoint');

  const { principal, resourceAccount } = request;
  if (principal.type === 'service' || principal.type === 'anonymous') {
    return resource.allow === null
      ? decide('implicit_deny', null, 'resource')
      : decide('allow', resource.allow);
  }
  const crossAccount = principal.account !== resourceAccount;
  if ((crossAccount || mode === 'required') && resource.allow === null)
    return decide('implicit_deny', null, 'resource');
  // The policy that names this very user or session grants to it directly, whatever its other policies leave out.
  if (!crossAccount && resource.grade === 'self') return decide('allow', resource.allow);
  const granted = !crossAccount && (resource.grade === 'role' || resource.grade === 'everyone');
  const isRoot = principal.type === 'root';
  if (!granted && identity.allow === null && !isRoot) return decide('implicit_deny', null, 'identity');
  if (kinds.boundary.length > 0 && boundary.allow === null) return decide('implicit_deny', null, 'boundary');
  if (policies.session !== undefined && !isRoot && session.allow === null)
    return decide('implicit_deny', null, 'session');
  return decide('allow', resource.allow ?? identity.allow);
}

const LAYER_NAMES: Readonly<Record<Layer, string>> = {
  rcp: 'resource control policy',
  scp: 'service control policy',
  endpoint: 'endpoint policy',
  resource: 'resource policy',
  identity: 'identity policy',
  boundary: 'permissions boundary',
  session: 'session policy',
};

/** KMS keys and roles answer to nobody that their own policy does not let in, their account included. */
function defaultMode({ action, resource }: AuthorizationRequest): 'required' | 'additive' {
  const lower = action.toLowerCase();
  if (lower.startsWith('kms:')) return resource.includes(':key/') ? 'required' : 'additive';
  return isTrustAction(lower) ? 'required' : 'additive';
}

function isTrustAction(lower: string): boolean {
  return (
    lower.startsWith('sts:assumerole') || lower === 'sts:tagsession' || lower === 'sts:setsourceidentity'
  );
}

function isTrust({ action }: AuthorizationRequest): boolean {
  return isTrustAction(action.toLowerCase());
}

type Lists = Readonly<
  Record<'endpoint' | 'resource' | 'identity' | 'boundary' | 'session', readonly PolicyInput[]>
>;

interface Applicable extends Lists {
  readonly scps: readonly (readonly PolicyInput[])[];
  readonly rcps: readonly (readonly PolicyInput[])[];
}

/**
 * The policies that bind this caller at all. Services and anonymous callers have no identity, root has no boundary;
 * neither SCPs nor RCPs restrict service-linked roles, SCPs no AWS service, and no RCP restricts kms:RetireGrant
 * (AWS Organizations User Guide, "Service control policies" and "Resource control policies").
 */
function applicable(request: AuthorizationRequest, policies: PolicySet): Applicable {
  const { principal } = request;
  const outside = principal.type === 'service' || principal.type === 'anonymous';
  const serviceLinked = roleArnOf(principal)?.includes(':role/aws-service-role/') ?? false;
  const retiring = request.action.toLowerCase() === 'kms:retiregrant';
  const isRoot = principal.type === 'root';
  const one = (input: PolicyInput | undefined): readonly PolicyInput[] =>
    input === undefined ? [] : [input];
  const { session } = policies;
  return {
    endpoint: one(policies.endpoint),
    resource: one(policies.resource),
    identity: outside ? [] : (policies.identity ?? []),
    boundary: outside || isRoot ? [] : one(policies.boundary),
    session: outside || isRoot ? [] : isList(session) ? session : one(session),
    scps: outside || serviceLinked ? [] : (policies.scps ?? []),
    rcps: serviceLinked || retiring ? [] : (policies.rcps ?? []),
  };
}

function isList(value: PolicySet['session']): value is readonly PolicyInput[] {
  return Array.isArray(value);
}
