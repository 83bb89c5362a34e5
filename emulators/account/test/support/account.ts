// SPDX-License-Identifier: Apache-2.0
import { Account, type AccountOptions, type Caller, sessionOf, type Thing } from '../../src/index.ts';

export const ACCOUNT = '111122223333';
export const REGION = 'eu-central-1';
export const DEPLOYMENT = `arn:aws:iam::${ACCOUNT}:role/deployment`;
export const ADMIN = `arn:aws:iam::${ACCOUNT}:role/admin`;

export interface Statement {
  readonly Effect?: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: object;
}

/** An identity policy of statements that allow, on everything, unless they say otherwise. */
export function policy(...statements: readonly Statement[]) {
  return {
    Version: '2012-10-17',
    Statement: statements.map((statement) => ({ Effect: 'Allow', Resource: '*', ...statement })),
  };
}

export const EVERYTHING = policy({ Action: '*' });

/** A role that is there before anything is deployed. @param document null: a role without any right */
export function addRole(
  account: Account,
  arn: string,
  document: object | null,
  service = 'cloudformation',
): Thing {
  const id = arn.slice(arn.lastIndexOf('/') + 1);
  const { world } = account;
  const thing = {
    type: 'AWS::IAM::Role',
    region: 'global',
    id,
    arn,
    uniqueId: `AROA${world.fresh(17, 'base36upper')}`,
    attributes: { Arn: arn },
    policy: {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: { Service: `${service}.amazonaws.com` }, Action: 'sts:AssumeRole' },
      ],
    },
    properties: document === null ? {} : { Policies: [{ PolicyName: 'given', PolicyDocument: document }] },
  } as unknown as Thing;
  world.add(thing);
  return thing;
}

export interface Bench {
  readonly account: Account;
  readonly admin: Caller;
}

/** An account with an administrator and a deployment role. @param rights of the deployment role */
export function bench(rights: object | null = EVERYTHING, options: Partial<AccountOptions> = {}): Bench {
  const account = new Account({ account: ACCOUNT, ...options });
  addRole(account, DEPLOYMENT, rights);
  const admin = addRole(account, ADMIN, EVERYTHING);
  return { account, admin: sessionOf(account.world, admin, 'person', { 'aws:SourceIp': '203.0.113.7' }) };
}
