// SPDX-License-Identifier: Apache-2.0
import {
  type AuthorizationRequest,
  type Decision,
  evaluateRequest,
  type PolicyDocument,
  type PolicySet,
  type Principal,
  type Statement,
} from '../src/index.ts';

export const ACCOUNT = '111122223333';
export const OTHER = '444455556666';

export const user: Principal = {
  arn: `arn:aws:iam::${ACCOUNT}:user/team/alice`,
  type: 'user',
  account: ACCOUNT,
};
export const role: Principal = { arn: `arn:aws:iam::${ACCOUNT}:role/worker`, type: 'role', account: ACCOUNT };
export const session: Principal = {
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/worker/monday`,
  type: 'assumed-role',
  account: ACCOUNT,
};
export const root: Principal = { arn: `arn:aws:iam::${ACCOUNT}:root`, type: 'root', account: ACCOUNT };
export const federated: Principal = {
  arn: `arn:aws:sts::${ACCOUNT}:federated-user/bob`,
  type: 'federated-user',
  account: ACCOUNT,
};
export const service: Principal = { arn: 'cloudwatch.amazonaws.com', type: 'service' };
export const anonymous: Principal = { arn: '*', type: 'anonymous' };
export const foreign: Principal = { arn: `arn:aws:iam::${OTHER}:role/guest`, type: 'role', account: OTHER };
export const serviceLinked: Principal = {
  arn: `arn:aws:iam::${ACCOUNT}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig`,
  type: 'role',
  account: ACCOUNT,
};

export const OBJECT = 'arn:aws:s3:::papers/2024/report.txt';
export const KEY = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;

/** A document of the given statements; `Action` and `Resource` are everything where they are left out. */
export function policy(...statements: readonly Partial<Statement>[]): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: statements.map((statement) => ({
      Effect: 'Allow',
      ...('Action' in statement || 'NotAction' in statement ? {} : { Action: '*' }),
      ...('Resource' in statement || 'NotResource' in statement ? {} : { Resource: '*' }),
      ...statement,
    })),
  };
}

export const allowAll = policy({ Sid: 'AllowAll' });
export const denyAll = policy({ Sid: 'DenyAll', Effect: 'Deny' });
export const nothing = policy({ Sid: 'Elsewhere', Action: 'elsewhere:Do' });

export function ask(changes: Partial<AuthorizationRequest>, policies: PolicySet): Decision {
  return evaluateRequest(
    {
      principal: user,
      action: 's3:GetObject',
      resource: OBJECT,
      resourceAccount: ACCOUNT,
      context: {},
      ...changes,
    },
    policies,
  );
}

/** Whether one Allow with this condition block applies under these condition keys. */
export function holds(
  condition: NonNullable<Statement['Condition']>,
  context: AuthorizationRequest['context'],
  changes: Partial<AuthorizationRequest> & { version?: string } = {},
): boolean {
  const { version = '2012-10-17', ...rest } = changes;
  const document = { ...policy({ Condition: condition }), Version: version };
  return ask({ ...rest, context }, { identity: [document] }).allowed;
}
