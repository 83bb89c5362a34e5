// SPDX-License-Identifier: Apache-2.0
import {
  ALLOW,
  AUDITOR,
  DENY,
  FEDERATED,
  LINKED,
  MARY,
  OTHER,
  policy,
  ROOT,
  type Row,
  row,
  SESSION,
  STRANGER,
  to,
} from './row.ts';

const LOGIC = 'IAM User Guide, "Policy evaluation logic"';
const WITHIN = 'IAM User Guide, "Policy evaluation for requests within a single account"';
const RESOURCE = `${WITHIN}, Resource-based policies`;
const CROSS = 'IAM User Guide, "Cross-account policy evaluation logic"';
const BOUNDARY = 'IAM User Guide, "Permissions boundaries for IAM entities"';
const SESSIONS = 'IAM User Guide, "Policies and permissions", Session policies';
const SCP = 'AWS Organizations User Guide, "Service control policies", SCP evaluation';
const RCP = 'AWS Organizations User Guide, "Resource control policies"';

const identity = [ALLOW];
const none = { identity: [OTHER] };
const ROLE = AUDITOR.arn;

export const EVALUATION: readonly Row[] = [
  row(LOGIC, 'nothing is allowed by default', 'implicit_deny', {}, { identity: [] }),
  row(LOGIC, 'an Allow of the identity overrides that', 'allow', {}, { identity }),
  row(LOGIC, 'the root user may do everything by default', 'allow', { principal: ROOT }, {}),
  row(LOGIC, 'a Deny overrides an Allow beside it', 'explicit_deny', {}, { identity: [ALLOW, DENY] }),
  row(LOGIC, 'in whatever order they stand', 'explicit_deny', {}, { identity: [DENY, ALLOW] }),
  row(
    LOGIC,
    'a Deny of the identity overrides an Allow of the resource',
    'explicit_deny',
    {},
    { identity: [DENY], resource: to(MARY.arn) },
  ),
  row(
    LOGIC,
    'a Deny of the resource overrides an Allow of the identity',
    'explicit_deny',
    {},
    { identity, resource: to(MARY.arn, { Effect: 'Deny' }) },
  ),
  row(
    LOGIC,
    'of the resource against the root user',
    'explicit_deny',
    { principal: ROOT },
    { resource: policy({ Effect: 'Deny', Principal: '*' }) },
  ),
  row(LOGIC, 'a Deny for somebody else', 'allow', {}, { identity, resource: to(ROLE, { Effect: 'Deny' }) }),
  row(
    WITHIN,
    'within an account an Allow of the resource is enough',
    'allow',
    {},
    { ...none, resource: to(MARY.arn) },
  ),
  row(WITHIN, 'or one of the identity', 'allow', {}, { identity, resource: to(ROLE) }),
  row(WITHIN, 'neither', 'implicit_deny', {}, { ...none, resource: to(ROLE) }),

  row(BOUNDARY, 'what both allow', 'allow', {}, { identity, boundary: ALLOW }),
  row(BOUNDARY, 'what the boundary leaves out', 'implicit_deny', {}, { identity, boundary: OTHER }),
  row(BOUNDARY, 'a boundary grants nothing', 'implicit_deny', {}, { ...none, boundary: ALLOW }),
  row(BOUNDARY, 'a Deny of the boundary', 'explicit_deny', {}, { identity, boundary: DENY }),
  row(
    RESOURCE,
    'a user by ARN is not limited by his boundary',
    'allow',
    {},
    { ...none, boundary: OTHER, resource: to(MARY.arn) },
  ),
  row(
    RESOURCE,
    'but by a Deny of it',
    'explicit_deny',
    {},
    { ...none, boundary: DENY, resource: to(MARY.arn) },
  ),
  row(
    RESOURCE,
    'a role by ARN is limited by its boundary',
    'implicit_deny',
    { principal: SESSION },
    { ...none, boundary: OTHER, resource: to(ROLE) },
  ),
  row(
    RESOURCE,
    'a session by ARN is not',
    'allow',
    { principal: SESSION },
    { ...none, boundary: OTHER, resource: to(SESSION.arn) },
  ),
  row(
    RESOURCE,
    'a role by ARN within its boundary needs no Allow of its own',
    'allow',
    { principal: SESSION },
    { ...none, boundary: ALLOW, resource: to(ROLE) },
  ),
  row(
    'IAM User Guide, "Principal", IAM role principals',
    'everybody, under a condition on the role’s ARN, is not limited by its boundary',
    'allow',
    { principal: SESSION },
    {
      ...none,
      boundary: OTHER,
      resource: policy({ Principal: '*', Condition: { ArnEquals: { 'aws:PrincipalArn': ROLE } } }),
    },
  ),
  row(
    SESSIONS,
    'a session has what role and session policy both allow',
    'allow',
    { principal: SESSION },
    { identity, session: ALLOW },
  ),
  row(
    SESSIONS,
    'what the session policy leaves out',
    'implicit_deny',
    { principal: SESSION },
    { identity, session: OTHER },
  ),
  row(
    SESSIONS,
    'a session policy grants nothing',
    'implicit_deny',
    { principal: SESSION },
    { ...none, session: ALLOW },
  ),
  row(SESSIONS, 'a Deny of it', 'explicit_deny', { principal: SESSION }, { identity, session: DENY }),
  row(
    SESSIONS,
    'a resource that names the session adds to it',
    'allow',
    { principal: SESSION },
    { ...none, session: OTHER, resource: to(SESSION.arn) },
  ),
  row(
    SESSIONS,
    'one that names the role is limited by it',
    'implicit_deny',
    { principal: SESSION },
    { ...none, session: OTHER, resource: to(ROLE) },
  ),
  row(
    RESOURCE,
    'a federated user by ARN is not limited by the session policy',
    'allow',
    { principal: FEDERATED },
    { ...none, session: OTHER, resource: to(FEDERATED.arn) },
  ),

  row(SCP, 'what identity and SCP allow', 'allow', {}, { identity, scps: [[ALLOW], [ALLOW]] }),
  row(SCP, 'an SCP grants nothing', 'implicit_deny', {}, { ...none, scps: [[ALLOW]] }),
  row(SCP, 'a level that does not allow', 'implicit_deny', {}, { identity, scps: [[ALLOW], [OTHER]] }),
  row(SCP, 'one policy of a level is enough', 'allow', {}, { identity, scps: [[OTHER, ALLOW]] }),
  row(SCP, 'a Deny at any level', 'explicit_deny', {}, { identity, scps: [[ALLOW, DENY], [ALLOW]] }),
  row(
    SCP,
    'the root user of a member account is bound',
    'explicit_deny',
    { principal: ROOT },
    { scps: [[ALLOW, DENY]] },
  ),
  row(
    SCP,
    'a resource’s Allow within the account is bound as well',
    'implicit_deny',
    {},
    { ...none, resource: to(MARY.arn), scps: [[OTHER]] },
  ),
  row(
    `${SCP}; Tasks and entities not restricted by SCPs`,
    'service-linked roles are not bound',
    'allow',
    { principal: LINKED },
    { identity, scps: [[DENY]] },
  ),
  row(
    RCP,
    'a Deny binds whoever comes',
    'explicit_deny',
    { principal: STRANGER },
    {
      identity,
      resource: to(STRANGER.arn),
      rcps: [[policy({ Principal: '*' }), policy({ Effect: 'Deny', Principal: '*' })]],
    },
  ),
  row(RCP, 'an RCP grants nothing', 'implicit_deny', {}, { ...none, rcps: [[policy({ Principal: '*' })]] }),
  row(
    `${RCP}; Resources and entities not restricted by RCPs`,
    'service-linked roles are not bound',
    'allow',
    { principal: LINKED },
    { identity, rcps: [[policy({ Effect: 'Deny', Principal: '*' })]] },
  ),

  row(
    CROSS,
    'both accounts allow',
    'allow',
    { principal: STRANGER },
    { identity, resource: to(STRANGER.arn) },
  ),
  row(
    CROSS,
    'only the caller’s',
    'implicit_deny',
    { principal: STRANGER },
    { identity, resource: to(MARY.arn) },
  ),
  row(
    CROSS,
    'only the resource’s',
    'implicit_deny',
    { principal: STRANGER },
    { ...none, resource: to(STRANGER.arn) },
  ),
  row(CROSS, 'a resource without a policy', 'implicit_deny', { principal: STRANGER }, { identity }),
  row(
    CROSS,
    'the caller’s boundary binds',
    'implicit_deny',
    { principal: STRANGER },
    { identity, boundary: OTHER, resource: to(STRANGER.arn) },
  ),
  row(
    CROSS,
    'a Deny of the caller’s',
    'explicit_deny',
    { principal: STRANGER },
    { identity: [ALLOW, DENY], resource: to(STRANGER.arn) },
  ),
  row(
    CROSS,
    'a Deny of the resource’s',
    'explicit_deny',
    { principal: STRANGER },
    { identity, resource: policy({ Principal: { AWS: STRANGER.arn } }, { Effect: 'Deny', Principal: '*' }) },
  ),
  row(
    CROSS,
    'an SCP of the caller’s account',
    'implicit_deny',
    { principal: STRANGER },
    { identity, resource: to(STRANGER.arn), scps: [[OTHER]] },
  ),
  row(
    CROSS,
    'everybody is also the stranger, if his account agrees',
    'allow',
    { principal: STRANGER },
    { identity, resource: policy({ Principal: '*' }) },
  ),
  row(
    CROSS,
    'and if it does not',
    'implicit_deny',
    { principal: STRANGER },
    { ...none, resource: policy({ Principal: '*' }) },
  ),
];
