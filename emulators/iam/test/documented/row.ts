// SPDX-License-Identifier: Apache-2.0
/**
 * Expectations taken from what AWS's documentation says, in values of our own. A row names the document and the section it is taken from;
 * it was written with the document at hand and not with the evaluator, which documented.test.ts holds to it.
 */
import type {
  AuthorizationRequest,
  DecisionKind,
  PolicyDocument,
  PolicySet,
  Principal,
  Statement,
} from '../../src/index.ts';

export interface Row {
  /** Document and section. */
  readonly source: string;
  readonly what: string;
  readonly request: AuthorizationRequest;
  readonly policies: PolicySet;
  readonly expected: DecisionKind;
}

export const ACCOUNT = '111122223333';
export const PARTNER = '444455556666';
export const REPORT = 'arn:aws:s3:::ledger/2025/report.csv';
export const KEY = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/0aaaaaaa-1111-4222-8333-444444444444`;
export const TABLE = `arn:aws:dynamodb:eu-central-1:${ACCOUNT}:table/orders`;

const iam = (account: string, name: string): string => `arn:aws:iam::${account}:${name}`;
const sts = (account: string, name: string): string => `arn:aws:sts::${account}:${name}`;

export const MARY: Principal = { arn: iam(ACCOUNT, 'user/mary'), type: 'user', account: ACCOUNT };
export const AUDITOR: Principal = { arn: iam(ACCOUNT, 'role/auditor'), type: 'role', account: ACCOUNT };
export const SESSION: Principal = {
  arn: sts(ACCOUNT, 'assumed-role/auditor/tuesday'),
  type: 'assumed-role',
  account: ACCOUNT,
};
export const FEDERATED: Principal = {
  arn: sts(ACCOUNT, 'federated-user/visitor'),
  type: 'federated-user',
  account: ACCOUNT,
};
export const ROOT: Principal = { arn: iam(ACCOUNT, 'root'), type: 'root', account: ACCOUNT };
export const STRANGER: Principal = { arn: iam(PARTNER, 'user/john'), type: 'user', account: PARTNER };
export const ANYBODY: Principal = { arn: '*', type: 'anonymous' };
export const TRAIL: Principal = { arn: 'cloudtrail.amazonaws.com', type: 'service' };
export const LINKED: Principal = {
  arn: iam(ACCOUNT, 'role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig'),
  type: 'role',
  account: ACCOUNT,
};

export type Part = Partial<Statement>;

/** Statements with what they leave out: Allow, everything, on everything. */
export function policy(...parts: readonly Part[]): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: parts.map((part) => ({
      Effect: 'Allow',
      ...('Action' in part || 'NotAction' in part ? {} : { Action: '*' }),
      ...('Resource' in part || 'NotResource' in part ? {} : { Resource: '*' }),
      ...part,
    })),
  };
}

/** A role's trust, which has no Resource. */
export const trust = (...parts: readonly Part[]): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: parts.map((part) => ({ Effect: 'Allow', Action: 'sts:AssumeRole', ...part })),
});

export const ALLOW = policy({});
export const DENY = policy({ Effect: 'Deny' });
/** In force, and about something else. */
export const OTHER = policy({ Action: 'elsewhere:Act' });
export const to = (principal: string, part: Part = {}): PolicyDocument =>
  policy({ Principal: { AWS: principal }, ...part });

type Asked = Partial<AuthorizationRequest>;

export function row(
  source: string,
  what: string,
  expected: DecisionKind,
  asked: Asked,
  policies: PolicySet,
): Row {
  const request: AuthorizationRequest = {
    principal: MARY,
    action: 's3:GetObject',
    resource: REPORT,
    resourceAccount: ACCOUNT,
    context: {},
    ...asked,
  };
  return { source, what, request, policies, expected };
}

type Condition = NonNullable<Statement['Condition']>;

/** Whether one Allow under this condition applies; what does not apply leaves an implicit deny. */
export function condition(
  source: string,
  what: string,
  condition: Condition,
  context: AuthorizationRequest['context'],
  holds: boolean,
  asked: Asked = {},
): Row {
  const identity = [policy({ Condition: condition })];
  return row(source, what, holds ? 'allow' : 'implicit_deny', { ...asked, context }, { identity });
}
