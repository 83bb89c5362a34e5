// SPDX-License-Identifier: Apache-2.0
import { PolicyInputError } from '../errors.ts';
import type { ConditionBlock, Home, OneOrMany, PolicyDocument, Statement } from '../types.ts';

/*
 * Policies of VPC endpoints: what may pass, whatever identity and resource policies allow. Each lists who of ours does
 * what on what of ours, and nothing else passes: neither a foreign principal who brings keys of his own account into the
 * network to carry data out, nor ours on a resource of somebody else (the identity and the resource perimeter, on the
 * network). They are Allows alone: an endpoint without a matching Allow refuses (AWS PrivateLink Guide, "Control access
 * to VPC endpoints using endpoint policies").
 *
 * None makes an exception for AWS services: those reach each other on paths of their own, and none of them calls from
 * inside the VPC. And a session that a service forwards (aws:ViaAWSService) does not come through an endpoint of ours.
 */

/** Principals and resources of one account: the two conditions of every endpoint. */
export function ofAccount(account: string): ConditionBlock {
  return { StringEquals: { 'aws:PrincipalAccount': account, 'aws:ResourceAccount': account } };
}

/** The same, of these roles only. */
export function ofRoles(home: Home, roles: readonly string[]): ConditionBlock {
  return { ...ofAccount(home.account), ArnEquals: { 'aws:PrincipalArn': checkRoles(home, roles) } };
}

/** An Allow of an endpoint policy. Who is meant, the condition says: `*` is the one principal that a session matches too. */
export function pass(
  sid: string,
  actions: OneOrMany,
  resources: OneOrMany,
  condition: ConditionBlock,
): Statement {
  return {
    Sid: sid,
    Effect: 'Allow',
    Principal: '*',
    Action: actions,
    Resource: resources,
    Condition: condition,
  };
}

export function endpointDocument(statements: readonly Statement[]): PolicyDocument {
  return { Version: '2012-10-17', Statement: statements };
}

/**
 * Refuses a list of roles that is empty, or names anything but exact roles of the account.
 * @throws {PolicyInputError} `invalid_deployment`
 */
export function checkRoles({ partition, account }: Home, roles: readonly string[]): readonly string[] {
  const prefix = `arn:${partition}:iam::${account}:role/`;
  const good =
    roles.length > 0 &&
    roles.every((arn) => arn.startsWith(prefix) && /^[\w+=,.@/-]+$/.test(arn.slice(prefix.length)));
  if (!good)
    throw new PolicyInputError('invalid_deployment', 'an endpoint is for exact roles of the account');
  return roles;
}

/**
 * Refuses a name that would mean more than itself inside an ARN.
 * @throws {PolicyInputError} `invalid_deployment`
 */
export function checkName(name: string, what: string): string {
  if (!/^[A-Za-z0-9_./-]{1,255}$/.test(name)) {
    throw new PolicyInputError('invalid_deployment', `${what} is not usable in a policy`);
  }
  return name;
}
