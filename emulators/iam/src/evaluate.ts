// SPDX-License-Identifier: Apache-2.0
import { applicable, resourceKind } from './applicable.ts';
import { compilePolicy } from './compile.ts';
import { requestContext } from './context.ts';
import { combine, type Finding, matchPolicy, NOTHING, type Question } from './match.ts';
import { callerOf } from './principal.ts';
import type {
  AuthorizationRequest,
  Decision,
  Layer,
  NamedPolicy,
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
      const document = isNamed(input) ? input.document : input;
      const compiled = compilePolicy(document, kind);
      const numbered = inputs.length > 1 ? `${LAYER_NAMES[layer]} ${index + 1}` : LAYER_NAMES[layer];
      const ownName = compiled.id === undefined ? numbered : `${compiled.id} policy`;
      const name = isNamed(input) ? input.name : ownName;
      return combine(sum, matchPolicy(compiled, layer, name, question, trace));
    }, NOTHING);

  const inForce = applicable(request, policies);
  const kind = resourceKind(request);
  const endpoint = ask('endpoint', 'endpoint', inForce.endpoint);
  const resource = ask('resource', kind, inForce.resource);
  const identity = ask('identity', 'identity', inForce.identity);
  const boundary = ask('boundary', 'boundary', inForce.boundary);
  const session = ask('session', 'session', inForce.session);
  const rcps = inForce.rcps.map((level) => ask('rcp', 'rcp', level));
  const scps = inForce.scps.map((level) => ask('scp', 'scp', level));

  const denied = [resource, endpoint, identity, boundary, session, ...rcps, ...scps].find(
    ({ deny }) => deny !== null,
  )?.deny;
  if (denied) return decision(request, trace, 'explicit_deny', denied);

  const lacking = (layer: Layer): Decision => ({
    ...decision(request, trace, 'implicit_deny', null),
    missing: layer,
  });
  const allowed = (): Decision => decision(request, trace, 'allow', resource.allow ?? identity.allow);

  if (rcps.some(({ allow }) => allow === null)) return lacking('rcp');
  if (scps.some(({ allow }) => allow === null)) return lacking('scp');
  if (inForce.endpoint.length > 0 && endpoint.allow === null) return lacking('endpoint');

  const { principal, resourceAccount } = request;
  const { type } = principal;
  const hasIdentity = type !== 'service' && type !== 'anonymous';
  const crossAccount = hasIdentity && principal.account !== resourceAccount;
  // KMS keys and roles answer to nobody that their own policy does not let in, their account included.
  const mode = policies.resourceMode ?? (kind === 'resource' ? 'additive' : 'required');
  const needsResource = crossAccount || !hasIdentity || mode === 'required';
  if (needsResource && resource.allow === null) return lacking('resource');
  if (!hasIdentity) return allowed();

  // A policy for everyone, or one that names this very user or session, grants whatever its other policies leave out.
  const direct = resource.grade === 'self' || resource.grade === 'everyone';
  if (!crossAccount && direct) return allowed();
  const granted = !crossAccount && resource.grade === 'role';
  if (!granted && identity.allow === null && type !== 'root') return lacking('identity');
  if (inForce.boundary.length > 0 && boundary.allow === null) return lacking('boundary');
  // A federated user has nothing but what its session policy passes on.
  const limited = inForce.session.length > 0 || type === 'federated-user';
  if (limited && session.allow === null) return lacking('session');
  return allowed();
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

function isNamed(input: PolicyInput): input is NamedPolicy {
  return 'document' in input;
}

function decision(
  { principal, action, resource }: AuthorizationRequest,
  trace: readonly StatementTrace[],
  kind: Decision['kind'],
  by: StatementTrace | null,
): Decision {
  const plain = {
    allowed: kind === 'allow',
    kind,
    request: { principal: principal.arn, action, resource },
    trace,
  };
  if (by === null) return plain;
  const { layer, policy, index, sid } = by;
  return { ...plain, decidedBy: { layer, policy, index, ...(sid === undefined ? {} : { sid }) } };
}
