// SPDX-License-Identifier: Apache-2.0
import {
  ACCOUNT,
  ALLOW,
  ANYBODY,
  AUDITOR,
  MARY,
  PARTNER,
  type Part,
  policy,
  REPORT,
  type Row,
  row,
  SESSION,
  STRANGER,
  TRAIL,
  to,
} from './row.ts';

const ACTION = 'IAM User Guide, "Action"';
const NOT_ACTION = 'IAM User Guide, "NotAction"';
const RESOURCE = 'IAM User Guide, "Resource"';
const NOT_RESOURCE = 'IAM User Guide, "NotResource"';
const PRINCIPAL = 'IAM User Guide, "Principal"';
const NOT_PRINCIPAL = 'IAM User Guide, "NotPrincipal"';

const allow = (part: Part) => ({ identity: [policy(part)] });
const bob = { ...STRANGER, arn: `arn:aws:iam::${PARTNER}:user/bob` };
const everythingBut = policy({
  Effect: 'Deny',
  NotPrincipal: { AWS: [bob.arn, `arn:aws:iam::${PARTNER}:root`] },
});
const letIn = policy(
  { Effect: 'Deny', NotPrincipal: { AWS: [bob.arn, `arn:aws:iam::${PARTNER}:root`] } },
  { Principal: '*' },
);
const session = {
  arn: `arn:aws:sts::${PARTNER}:assumed-role/reader/monday`,
  type: 'assumed-role',
  account: PARTNER,
} as const;
const butSession = policy(
  {
    Effect: 'Deny',
    NotPrincipal: {
      AWS: [session.arn, `arn:aws:iam::${PARTNER}:role/reader`, `arn:aws:iam::${PARTNER}:root`],
    },
  },
  { Principal: '*' },
);
const service = (name: string) => policy({ Principal: { Service: name } });

export const ELEMENTS: readonly Row[] = [
  row(ACTION, 'an action by name', 'allow', {}, allow({ Action: 's3:GetObject' })),
  row(ACTION, 'another one', 'implicit_deny', {}, allow({ Action: 's3:PutObject' })),
  row(ACTION, 'names of services and actions have no case', 'allow', {}, allow({ Action: 'S3:getobject' })),
  row(ACTION, 'a * at the end', 'allow', {}, allow({ Action: 's3:Get*' })),
  row(
    ACTION,
    'a * in the middle',
    'allow',
    { action: 'iam:UpdateAccessKey' },
    allow({ Action: 'iam:*AccessKey*' }),
  ),
  row(ACTION, 'a ? for one character', 'allow', {}, allow({ Action: 's3:GetObjec?' })),
  row(
    ACTION,
    'of one service only',
    'implicit_deny',
    { action: 'sqs:SendMessage' },
    allow({ Action: 's3:*' }),
  ),
  row(ACTION, 'one of a list', 'allow', {}, allow({ Action: ['s3:ListBucket', 's3:GetObject'] })),
  row(NOT_ACTION, 'with Allow: all other actions', 'allow', {}, allow({ NotAction: 'iam:*' })),
  row(
    NOT_ACTION,
    'with Allow: not those',
    'implicit_deny',
    { action: 'iam:CreateUser' },
    allow({ NotAction: 'iam:*' }),
  ),
  row(
    NOT_ACTION,
    'with Deny: all other actions',
    'explicit_deny',
    {},
    { identity: [ALLOW, policy({ Effect: 'Deny', NotAction: 'iam:*' })] },
  ),
  row(
    NOT_ACTION,
    'with Deny: not those, which somebody must allow',
    'allow',
    { action: 'iam:CreateUser' },
    { identity: [ALLOW, policy({ Effect: 'Deny', NotAction: 'iam:*' })] },
  ),
  row(
    NOT_ACTION,
    'with Deny: it allows nothing by itself',
    'implicit_deny',
    { action: 'iam:CreateUser' },
    allow({ Effect: 'Deny', NotAction: 'iam:*' }),
  ),
  row(RESOURCE, 'one ARN', 'allow', {}, allow({ Resource: REPORT })),
  row(RESOURCE, 'a * reaches over slashes', 'allow', {}, allow({ Resource: 'arn:aws:s3:::ledger/*' })),
  row(
    RESOURCE,
    'a ? is one character',
    'allow',
    {},
    allow({ Resource: 'arn:aws:s3:::ledger/202?/report.csv' }),
  ),
  row(RESOURCE, 'another bucket', 'implicit_deny', {}, allow({ Resource: 'arn:aws:s3:::ledgers/*' })),
  row(
    RESOURCE,
    'letters have case',
    'implicit_deny',
    {},
    allow({ Resource: 'arn:aws:s3:::ledger/2025/Report.csv' }),
  ),
  row(
    NOT_RESOURCE,
    'with Deny: everything but these',
    'explicit_deny',
    {},
    {
      identity: [
        ALLOW,
        policy({ Effect: 'Deny', NotResource: ['arn:aws:s3:::public', 'arn:aws:s3:::public/*'] }),
      ],
    },
  ),
  row(
    NOT_RESOURCE,
    'with Deny: these are let be',
    'allow',
    { resource: 'arn:aws:s3:::public/x' },
    {
      identity: [
        ALLOW,
        policy({ Effect: 'Deny', NotResource: ['arn:aws:s3:::public', 'arn:aws:s3:::public/*'] }),
      ],
    },
  ),
  row(
    NOT_RESOURCE,
    'with Allow: everything but these',
    'implicit_deny',
    { resource: 'arn:aws:s3:::public/x' },
    allow({ NotResource: 'arn:aws:s3:::public/*' }),
  ),

  row(PRINCIPAL, 'a user by ARN', 'allow', {}, { identity: [], resource: to(MARY.arn) }),
  row(
    PRINCIPAL,
    'another user',
    'implicit_deny',
    {},
    { identity: [], resource: to(`arn:aws:iam::${ACCOUNT}:user/john`) },
  ),
  row(
    PRINCIPAL,
    'names of users have case',
    'implicit_deny',
    {},
    { identity: [], resource: to(`arn:aws:iam::${ACCOUNT}:user/Mary`) },
  ),
  row(
    PRINCIPAL,
    'an account by ARN, and its administrator agrees',
    'allow',
    { principal: STRANGER },
    { identity: [ALLOW], resource: to(`arn:aws:iam::${PARTNER}:root`) },
  ),
  row(
    PRINCIPAL,
    'an account by number is the same',
    'allow',
    { principal: STRANGER },
    { identity: [ALLOW], resource: to(PARTNER) },
  ),
  row(
    PRINCIPAL,
    'an account does not stand for its root user alone',
    'implicit_deny',
    { principal: STRANGER },
    { identity: [], resource: to(PARTNER) },
  ),
  row(
    PRINCIPAL,
    'one of several',
    'allow',
    {},
    { identity: [], resource: policy({ Principal: { AWS: [PARTNER, MARY.arn] } }) },
  ),
  row(
    PRINCIPAL,
    'a role stands for its sessions',
    'allow',
    { principal: SESSION },
    { identity: [], resource: to(AUDITOR.arn) },
  ),
  row(
    PRINCIPAL,
    'a session by ARN',
    'allow',
    { principal: SESSION },
    { identity: [], resource: to(SESSION.arn) },
  ),
  row(
    PRINCIPAL,
    'another session of the role',
    'implicit_deny',
    { principal: { ...SESSION, arn: SESSION.arn.replace('tuesday', 'friday') } },
    { identity: [], resource: to(SESSION.arn) },
  ),
  row(
    PRINCIPAL,
    'a service',
    'allow',
    { principal: TRAIL },
    { resource: service('cloudtrail.amazonaws.com') },
  ),
  row(
    PRINCIPAL,
    'another service',
    'implicit_deny',
    { principal: TRAIL },
    { resource: service('sns.amazonaws.com') },
  ),
  row(
    `${PRINCIPAL}, All principals`,
    '* is everybody, whoever he is',
    'allow',
    { principal: ANYBODY },
    { resource: policy({ Principal: '*' }) },
  ),
  row(
    `${PRINCIPAL}, All principals`,
    'AWS: * is the same',
    'allow',
    { principal: ANYBODY },
    { resource: to('*') },
  ),
  row(
    `${PRINCIPAL}, All principals`,
    '* in a Deny is everybody',
    'explicit_deny',
    {},
    { identity: [ALLOW], resource: policy({ Effect: 'Deny', Principal: '*' }) },
  ),

  row(
    NOT_PRINCIPAL,
    'with Deny: all but the one named',
    'explicit_deny',
    { principal: STRANGER },
    { identity: [ALLOW], resource: letIn },
  ),
  row(
    NOT_PRINCIPAL,
    'with Deny: the one named, with his account',
    'allow',
    { principal: bob },
    { identity: [ALLOW], resource: letIn },
  ),
  row(
    NOT_PRINCIPAL,
    'with Deny: it lets nobody in by itself',
    'implicit_deny',
    { principal: bob },
    { identity: [ALLOW], resource: everythingBut },
  ),
  row(
    NOT_PRINCIPAL,
    'with Deny: a session, with its role and account',
    'allow',
    { principal: session },
    { identity: [ALLOW], resource: butSession },
  ),
  row(
    NOT_PRINCIPAL,
    'with Deny: another session of that role’s account',
    'explicit_deny',
    { principal: { ...session, arn: session.arn.replace('reader', 'writer') } },
    { identity: [ALLOW], resource: butSession },
  ),
  row(
    NOT_PRINCIPAL,
    'with Allow: everybody else, unauthenticated as well',
    'allow',
    { principal: ANYBODY },
    { resource: policy({ NotPrincipal: { AWS: bob.arn } }) },
  ),
];
