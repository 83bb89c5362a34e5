// SPDX-License-Identifier: Apache-2.0
import { checkHome } from '../check.ts';
import { PolicyInputError } from '../errors.ts';
import type { Home, OneOrMany, PolicyDocument, Statement } from '../types.ts';

/** Who may call a REST API, and from where. */
export interface GatewayAccess {
  /** Name of the one stage that is served. */
  readonly stage: string;
  /** Exact ARNs of the roles that may sign requests. */
  readonly callers: readonly string[];
  /** A private API's: the one VPC endpoint that it is called through. */
  readonly endpointId?: string;
  /** A public API's: addresses that it is called from. Everywhere when absent or empty. */
  readonly cidrs?: readonly string[];
  /** The callers among `callers` that come from addresses nobody knows beforehand. */
  readonly anywhere?: OneOrMany;
  /**
   * Paths below the stage whose methods have an authorizer of their own, which asks for a token: nobody signs there.
   * Each ends with `*`.
   */
  readonly tokenPaths?: readonly string[];
  /** Paths below the stage where requests are signed. All when absent. */
  readonly signedPaths?: readonly string[];
}

const ROLE = /^arn:(aws[a-z-]*):iam::(\d{12}):role\/[\w+=,.@/-]+$/;
const PATH = /^[A-Z*]+\/[A-Za-z0-9._/*-]+$/;

/**
 * Resource policy of the REST API.
 *
 * Within an account an identity policy alone would let a role in, so that callers are the listed ones is said by a Deny:
 * an administrator's `execute-api:*` does not reach the vault. The Allow names accounts, narrowed by role: a role named as
 * a principal is stored by its unique id, and the same role made anew would silently stop matching. An account as
 * principal delegates, so each caller needs its own identity policy besides; two hands, as with the vault's keys.
 *
 * Conditions are those that API Gateway fills in (Developer Guide, "AWS condition keys that can be used in API Gateway
 * resource policies"): `aws:PrincipalArn` of signed requests, `aws:SourceVpce` of private APIs. A request without them
 * matches the negated operators, and is refused. The API's own id is not known here; the policy hangs on one API.
 * @throws {PolicyInputError}
 */
export function apiResourcePolicy(home: Home, access: GatewayAccess): PolicyDocument {
  checkHome(home);
  check(home, access);
  const { stage, callers, endpointId, cidrs = [], anywhere, tokenPaths = [], signedPaths } = access;
  const signed = signedPaths === undefined ? on(home, `${stage}/*`) : below(home, stage, signedPaths);
  const statements: Statement[] = [
    {
      Sid: 'AllowListedCallers',
      Effect: 'Allow',
      Principal: { AWS: accountsOf(callers) },
      Action: INVOKE,
      Resource: signed,
      Condition: { ArnEquals: { 'aws:PrincipalArn': callers } },
    },
    deny('DenyOtherCallers', signedPaths === undefined ? on(home, '*') : signed, {
      ArnNotEquals: { 'aws:PrincipalArn': callers },
    }),
  ];
  if (tokenPaths.length > 0) {
    statements.unshift({
      Sid: 'AllowTokens',
      Effect: 'Allow',
      Principal: '*',
      Action: INVOKE,
      Resource: below(home, stage, tokenPaths),
      // Whoever he is, the method's authorizer asks. API Gateway has no address without TLS.
      Condition: { Bool: { 'aws:SecureTransport': 'true' } },
    });
  }
  if (endpointId !== undefined) {
    statements.push(
      deny('DenyOtherEndpoints', on(home, '*'), { StringNotEquals: { 'aws:SourceVpce': endpointId } }),
    );
  }
  if (cidrs.length > 0) {
    statements.push(
      deny('DenyOtherAddresses', on(home, '*'), {
        NotIpAddress: { 'aws:SourceIp': cidrs },
        ...(anywhere === undefined ? {} : { ArnNotEquals: { 'aws:PrincipalArn': anywhere } }),
      }),
    );
  }
  return { Version: '2012-10-17', Id: `${home.name}-api`, Statement: statements };
}

const INVOKE = 'execute-api:Invoke';

function deny(sid: string, resources: OneOrMany, condition: NonNullable<Statement['Condition']>): Statement {
  return {
    Sid: sid,
    Effect: 'Deny',
    Principal: '*',
    Action: INVOKE,
    Resource: resources,
    Condition: condition,
  };
}

function on({ partition, region, account }: Home, rest: string): string {
  return `arn:${partition}:execute-api:${region}:${account}:*/${rest}`;
}

function below(home: Home, stage: string, paths: readonly string[]): string[] {
  return paths.map((path) => on(home, `${stage}/${path}`));
}

/** Root of each account of the callers, which stands for those of its principals that it lets itself. */
function accountsOf(callers: readonly string[]): string[] {
  const roots = callers.map((arn) => {
    const [, partition, account] = ROLE.exec(arn) ?? [];
    return `arn:${partition}:iam::${account}:root`;
  });
  return [...new Set(roots)].sort();
}

function check({ partition, account }: Home, access: GatewayAccess): void {
  const { stage, callers, endpointId, cidrs = [], anywhere, tokenPaths = [], signedPaths = [] } = access;
  const demand = (good: boolean, what: string): void => {
    if (!good) throw new PolicyInputError('invalid_deployment', `${what} is not usable in a policy`);
  };
  demand(/^[A-Za-z0-9_-]{1,128}$/.test(stage), 'stage');
  // With nobody listed the Deny would have no values, whose meaning AWS does not document.
  demand(callers.length > 0, 'callers');
  for (const arn of callers) {
    const [, of, owner] = ROLE.exec(arn) ?? [];
    demand(of === partition, 'callers');
    // Roles of another account come through an endpoint of theirs.
    demand(endpointId === undefined || owner === account, 'callers');
  }
  demand(endpointId === undefined || /^vpce-[0-9a-z]+$/.test(endpointId), 'endpointId');
  // `aws:SourceIp` says nothing of requests through an endpoint.
  demand(endpointId === undefined || cidrs.length === 0, 'cidrs');
  demand(
    cidrs.every((cidr) => /^[0-9a-f.:]+\/\d{1,3}$/i.test(cidr)),
    'cidrs',
  );
  demand(anywhere === undefined || [anywhere].flat().every((caller) => callers.includes(caller)), 'anywhere');
  demand(
    [...tokenPaths, ...signedPaths].every((path) => PATH.test(path)),
    'paths',
  );
  // Whoever is asked for a token comes unsigned: a Deny of unsigned requests to all paths would lock him out.
  demand(tokenPaths.length > 0 === (access.signedPaths !== undefined), 'paths');
}
