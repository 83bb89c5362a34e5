// SPDX-License-Identifier: Apache-2.0
import type { ContextValues } from '@enclave-vault/emulator-iam';
import type { Account } from '../account.ts';
import type { CloudFormation } from '../cloudformation/service.ts';
import type { Caller } from '../identities.ts';
import type { SignedRequest } from './sigv4.ts';

/** What instances do, which a template does not say. */
export interface Machines {
  /** State of an instance behind its target group: `healthy` by default. @param version of the launch template */
  readonly health: (group: string, version: string) => string;
}

/** What the places of an account that no template describes answer. */
export interface Surroundings {
  readonly account: Account;
  /** CloudFormation of a Region. */
  readonly cloud: (region: string) => CloudFormation;
  readonly machines: Machines;
  /** Answer of a function that is invoked. */
  readonly invoke: (name: string, payload: unknown) => { readonly failed: boolean; readonly answer: unknown };
  /** Values of Service Quotas by code, where they are not AWS's defaults. */
  readonly quotas: Readonly<Record<string, number>>;
  /** How far an operation of CloudFormation gets between two looks at it, in events. */
  readonly pace: number;
}

/** A verified request of one service. */
export interface Request extends SignedRequest {
  readonly on: Surroundings;
  readonly caller: Caller;
  readonly region: string;
  /** @throws {AwsError} AccessDenied */
  readonly authorize: (action: string, resource: string, context?: ContextValues) => void;
}

export interface Response {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** How a service writes errors and what its clients read. */
export type Protocol = 'query' | 'ec2' | 's3' | 'json' | 'rest-json';

export interface Endpoint {
  readonly protocol: Protocol;
  /** @throws {AwsError} */
  readonly handle: (request: Request) => Response;
}

/** Name of the operation of a request in the Query protocol, with its parameters. */
export function formOf({ body }: SignedRequest): URLSearchParams {
  return new URLSearchParams(body.toString());
}

/** Values of a list in the Query protocol: `Name.member.1`, in EC2's `Name.1`. */
export function membersOf(form: URLSearchParams, name: string, member = '.member'): readonly string[] {
  const values: string[] = [];
  for (let index = 1; form.has(`${name}${member}.${index}`); index += 1) {
    values.push(form.get(`${name}${member}.${index}`) ?? '');
  }
  return values;
}

/** Pairs of a list of structures: `Tags.member.1.Key`, `Tags.member.1.Value`. */
export function pairsOf(form: URLSearchParams, name: string): Readonly<Record<string, string>> {
  const pairs: Record<string, string> = {};
  for (let index = 1; form.has(`${name}.member.${index}.Key`); index += 1) {
    pairs[form.get(`${name}.member.${index}.Key`) ?? ''] = form.get(`${name}.member.${index}.Value`) ?? '';
  }
  return pairs;
}

export function jsonOf({ body }: SignedRequest): Readonly<Record<string, unknown>> {
  return body.length === 0 ? {} : (JSON.parse(body.toString()) as Record<string, unknown>);
}
