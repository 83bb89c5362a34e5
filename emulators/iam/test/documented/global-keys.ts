// SPDX-License-Identifier: Apache-2.0
import { ACCOUNT, ALLOW, AUDITOR, LINKED, type Part, policy, type Row, row, SESSION, TRAIL } from './row.ts';

const GLOBAL = 'IAM User Guide, "AWS global condition context keys"';

const allow = (part: Part) => ({ identity: [policy(part)] });

export const GLOBAL_KEYS: readonly Row[] = [
  row(
    `${GLOBAL}, aws:PrincipalArn`,
    'of a session it is the role',
    'allow',
    { principal: SESSION },
    allow({ Condition: { ArnEquals: { 'aws:PrincipalArn': AUDITOR.arn } } }),
  ),
  row(
    `${GLOBAL}, aws:PrincipalArn`,
    'and not the session',
    'implicit_deny',
    { principal: SESSION },
    allow({ Condition: { ArnEquals: { 'aws:PrincipalArn': SESSION.arn } } }),
  ),
  row(
    `${GLOBAL}, aws:PrincipalAccount`,
    'the caller’s account',
    'allow',
    {},
    allow({ Condition: { StringEquals: { 'aws:PrincipalAccount': ACCOUNT } } }),
  ),
  row(
    `${GLOBAL}, aws:PrincipalIsAWSService`,
    'true of a service that calls for itself',
    'allow',
    { principal: TRAIL },
    { resource: policy({ Principal: '*', Condition: { Bool: { 'aws:PrincipalIsAWSService': 'true' } } }) },
  ),
  row(
    `${GLOBAL}, aws:PrincipalIsAWSService`,
    'false of a user',
    'implicit_deny',
    {},
    {
      identity: [],
      resource: policy({ Principal: '*', Condition: { Bool: { 'aws:PrincipalIsAWSService': 'true' } } }),
    },
  ),
  row(
    `${GLOBAL}, aws:PrincipalIsAWSService`,
    'false of a service-linked role',
    'implicit_deny',
    { principal: LINKED },
    {
      identity: [],
      resource: policy({ Principal: '*', Condition: { Bool: { 'aws:PrincipalIsAWSService': 'true' } } }),
    },
  ),
  row(
    `${GLOBAL}, aws:ViaAWSService`,
    'a call that a service makes on with the caller’s credentials',
    'explicit_deny',
    { context: { 'aws:ViaAWSService': 'true' } },
    { identity: [ALLOW, policy({ Effect: 'Deny', Condition: { Bool: { 'aws:ViaAWSService': 'true' } } })] },
  ),
  row(
    `${GLOBAL}, aws:ViaAWSService`,
    'a direct one',
    'allow',
    { context: { 'aws:ViaAWSService': 'false' } },
    { identity: [ALLOW, policy({ Effect: 'Deny', Condition: { Bool: { 'aws:ViaAWSService': 'true' } } })] },
  ),
  row(
    `${GLOBAL}, aws:CalledVia`,
    'one of the services on the way',
    'allow',
    { context: { 'aws:CalledVia': ['cloudformation.amazonaws.com', 'dynamodb.amazonaws.com'] } },
    allow({ Condition: { 'ForAnyValue:StringEquals': { 'aws:CalledVia': 'cloudformation.amazonaws.com' } } }),
  ),
  row(
    `${GLOBAL}, aws:SourceVpce`,
    'absent where no endpoint is used, so its negation holds and denies',
    'explicit_deny',
    {},
    {
      identity: [
        ALLOW,
        policy({ Effect: 'Deny', Condition: { StringNotEquals: { 'aws:SourceVpce': 'vpce-7' } } }),
      ],
    },
  ),
  row(
    `${GLOBAL}, aws:SourceVpce`,
    'with IfExists the same',
    'explicit_deny',
    {},
    {
      identity: [
        ALLOW,
        policy({ Effect: 'Deny', Condition: { StringNotEqualsIfExists: { 'aws:SourceVpce': 'vpce-7' } } }),
      ],
    },
  ),
  row(
    `${GLOBAL}, aws:SourceVpce`,
    'through that endpoint',
    'allow',
    { context: { 'aws:SourceVpce': 'vpce-7' } },
    {
      identity: [
        ALLOW,
        policy({ Effect: 'Deny', Condition: { StringNotEquals: { 'aws:SourceVpce': 'vpce-7' } } }),
      ],
    },
  ),
  row(
    `${GLOBAL}, aws:MultiFactorAuthPresent`,
    'BoolIfExists false denies those who have it not',
    'explicit_deny',
    {},
    {
      identity: [
        ALLOW,
        policy({ Effect: 'Deny', Condition: { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } } }),
      ],
    },
  ),
  row(
    `${GLOBAL}, aws:MultiFactorAuthPresent`,
    'Bool false does not, where the key is missing',
    'allow',
    {},
    {
      identity: [
        ALLOW,
        policy({ Effect: 'Deny', Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'false' } } }),
      ],
    },
  ),
];
