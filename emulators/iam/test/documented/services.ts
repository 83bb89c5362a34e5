// SPDX-License-Identifier: Apache-2.0
import {
  ACCOUNT,
  ALLOW,
  ANYBODY,
  AUDITOR,
  DENY,
  KEY,
  MARY,
  OTHER,
  PARTNER,
  policy,
  ROOT,
  type Row,
  row,
  STRANGER,
  TABLE,
  TRAIL,
  to,
  trust,
} from './row.ts';

const KMS = 'AWS KMS Developer Guide, "Key policies in AWS KMS"';
const KMS_DEFAULT =
  'AWS KMS Developer Guide, "Default key policy", Allows access to the AWS account and enables IAM policies';
const KMS_OTHERS = 'AWS KMS Developer Guide, "Allowing users in other accounts to use a KMS key"';
const KMS_KEYS = 'AWS KMS Developer Guide, "AWS KMS condition keys"';
const TRUST =
  'IAM User Guide, "Grant a user permissions to switch roles" and "Policies and permissions", Resource-based policies';
const ENDPOINT = 'AWS PrivateLink Guide, "Control access to VPC endpoints using endpoint policies"';
const DYNAMODB = 'DynamoDB Developer Guide, "Using resource-based policies for DynamoDB"';
const S3 = 'Amazon S3 User Guide, "Bucket policies", examples';

const identity = [ALLOW];
const none = { identity: [OTHER] };
const decrypt = { action: 'kms:Decrypt', resource: KEY };
const enables = to(`arn:aws:iam::${ACCOUNT}:root`, { Action: 'kms:*' });
const ROLE = AUDITOR.arn;
const assume = { action: 'sts:AssumeRole', resource: ROLE };
const secureOnly = policy(
  { Principal: '*' },
  { Effect: 'Deny', Principal: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
);
const context = (name: string) => ({ [`kms:EncryptionContext:${name}`]: 'x' });
const attested = policy({
  Principal: { AWS: ROLE },
  Action: 'kms:Decrypt',
  Condition: { StringEqualsIgnoreCase: { 'kms:RecipientAttestation:ImageSha384': 'ab12' } },
});

export const SERVICES: readonly Row[] = [
  row(KMS_DEFAULT, 'the statement for the account lets identity policies allow', 'allow', decrypt, {
    identity,
    resource: enables,
  }),
  row(KMS_DEFAULT, 'and allows nobody by itself', 'implicit_deny', decrypt, { ...none, resource: enables }),
  row(KMS_DEFAULT, 'without it identity policies have no effect', 'implicit_deny', decrypt, {
    identity,
    resource: to(ROLE),
  }),
  row(
    KMS_DEFAULT,
    'it lets the root user in',
    'allow',
    { ...decrypt, principal: ROOT },
    { resource: enables },
  ),
  row(
    KMS,
    'who is named needs no more',
    'allow',
    { ...decrypt, principal: AUDITOR },
    { ...none, resource: to(ROLE, { Action: 'kms:Decrypt' }) },
  ),
  row(
    KMS,
    'for what is named',
    'implicit_deny',
    { ...decrypt, action: 'kms:Encrypt', principal: AUDITOR },
    { ...none, resource: to(ROLE, { Action: 'kms:Decrypt' }) },
  ),
  row(
    KMS,
    'nobody has a right that no policy gives him, the root user included',
    'implicit_deny',
    { ...decrypt, principal: ROOT },
    { resource: to(ROLE) },
  ),
  row(KMS, 'a Deny of the key', 'explicit_deny', decrypt, {
    identity,
    resource: policy(
      { Principal: { AWS: ACCOUNT }, Action: 'kms:*' },
      { Effect: 'Deny', Principal: '*', Action: 'kms:Decrypt' },
    ),
  }),
  row(KMS, 'a Deny of the identity', 'explicit_deny', decrypt, {
    identity: [ALLOW, DENY],
    resource: to(MARY.arn),
  }),
  row(
    KMS_OTHERS,
    'key and other account both allow',
    'allow',
    { ...decrypt, principal: STRANGER },
    { identity, resource: to(PARTNER, { Action: 'kms:Decrypt' }) },
  ),
  row(
    KMS_OTHERS,
    'the key alone',
    'implicit_deny',
    { ...decrypt, principal: STRANGER },
    { ...none, resource: to(PARTNER, { Action: 'kms:Decrypt' }) },
  ),
  row(
    KMS_OTHERS,
    'the other account alone',
    'implicit_deny',
    { ...decrypt, principal: STRANGER },
    { identity, resource: enables },
  ),
  row(
    `${KMS_KEYS}, kms:EncryptionContext:context-key`,
    'a member of the context',
    'allow',
    { ...decrypt, context: context('purpose') },
    { resource: to(MARY.arn, { Condition: { StringEquals: context('purpose') } }), identity: [] },
  ),
  row(
    `${KMS_KEYS}, kms:EncryptionContext:context-key`,
    'of another value',
    'implicit_deny',
    { ...decrypt, context: { 'kms:EncryptionContext:purpose': 'y' } },
    { resource: to(MARY.arn, { Condition: { StringEquals: context('purpose') } }), identity: [] },
  ),
  row(
    `${KMS_KEYS}, kms:EncryptionContextKeys`,
    'no members but these',
    'allow',
    { ...decrypt, context: { 'kms:EncryptionContextKeys': ['a', 'b'] } },
    {
      resource: to(MARY.arn, {
        Condition: { 'ForAllValues:StringEquals': { 'kms:EncryptionContextKeys': ['a', 'b', 'c'] } },
      }),
      identity: [],
    },
  ),
  row(
    `${KMS_KEYS}, kms:EncryptionContextKeys`,
    'one more',
    'implicit_deny',
    { ...decrypt, context: { 'kms:EncryptionContextKeys': ['a', 'd'] } },
    {
      resource: to(MARY.arn, {
        Condition: { 'ForAllValues:StringEquals': { 'kms:EncryptionContextKeys': ['a', 'b'] } },
      }),
      identity: [],
    },
  ),
  row(
    `${KMS_KEYS}, kms:ViaService`,
    'through a service',
    'allow',
    { ...decrypt, context: { 'kms:ViaService': 's3.eu-central-1.amazonaws.com' } },
    {
      resource: to(MARY.arn, {
        Condition: { StringEquals: { 'kms:ViaService': 's3.eu-central-1.amazonaws.com' } },
      }),
      identity: [],
    },
  ),
  row(`${KMS_KEYS}, kms:ViaService`, 'directly', 'implicit_deny', decrypt, {
    resource: to(MARY.arn, {
      Condition: { StringEquals: { 'kms:ViaService': 's3.eu-central-1.amazonaws.com' } },
    }),
    identity: [],
  }),
  row(
    `${KMS_KEYS}, kms:GrantIsForAWSResource`,
    'a grant that no service asked for',
    'implicit_deny',
    { ...decrypt, action: 'kms:CreateGrant' },
    {
      resource: to(MARY.arn, { Condition: { Bool: { 'kms:GrantIsForAWSResource': 'true' } } }),
      identity: [],
    },
  ),
  row(
    'AWS KMS Developer Guide, "Condition keys for AWS Nitro Enclaves", kms:RecipientAttestation:ImageSha384',
    'an enclave of that image',
    'allow',
    { ...decrypt, principal: AUDITOR, context: { 'kms:RecipientAttestation:ImageSha384': 'AB12' } },
    { ...none, resource: attested },
  ),
  row(
    'AWS KMS Developer Guide, "Condition keys for AWS Nitro Enclaves", kms:RecipientAttestation:ImageSha384',
    'no attestation document',
    'implicit_deny',
    { ...decrypt, principal: AUDITOR },
    { ...none, resource: attested },
  ),

  row(TRUST, 'a user whom the trust names', 'allow', assume, {
    ...none,
    resource: trust({ Principal: { AWS: MARY.arn } }),
  }),
  row(TRUST, 'an account’s users, who need an Allow of their own', 'allow', assume, {
    identity,
    resource: trust({ Principal: { AWS: ACCOUNT } }),
  }),
  row(TRUST, 'and have none', 'implicit_deny', assume, {
    ...none,
    resource: trust({ Principal: { AWS: ACCOUNT } }),
  }),
  row(TRUST, 'an Allow without the trust', 'implicit_deny', assume, {
    identity,
    resource: trust({ Principal: { Service: 'ec2.amazonaws.com' } }),
  }),
  row(
    TRUST,
    'a service whom the trust names',
    'allow',
    { ...assume, principal: TRAIL },
    { resource: trust({ Principal: { Service: 'cloudtrail.amazonaws.com' } }) },
  ),
  row(
    'IAM User Guide, "The confused deputy problem", External ID',
    'under the external id',
    'allow',
    { ...assume, principal: STRANGER, context: { 'sts:ExternalId': 'e-7' } },
    {
      identity,
      resource: trust({
        Principal: { AWS: PARTNER },
        Condition: { StringEquals: { 'sts:ExternalId': 'e-7' } },
      }),
    },
  ),
  row(
    'IAM User Guide, "The confused deputy problem", External ID',
    'without it',
    'implicit_deny',
    { ...assume, principal: STRANGER },
    {
      identity,
      resource: trust({
        Principal: { AWS: PARTNER },
        Condition: { StringEquals: { 'sts:ExternalId': 'e-7' } },
      }),
    },
  ),
  row(
    'IAM User Guide, "The confused deputy problem", Cross-service',
    'a service on another account’s behalf',
    'implicit_deny',
    { principal: TRAIL, context: { 'aws:SourceAccount': PARTNER } },
    {
      resource: policy({
        Principal: { Service: 'cloudtrail.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT } },
      }),
    },
  ),

  row(
    ENDPOINT,
    'the endpoint’s policy and the caller’s both allow',
    'allow',
    {},
    { identity, endpoint: policy({ Principal: '*' }) },
  ),
  row(
    ENDPOINT,
    'what the endpoint’s leaves out',
    'implicit_deny',
    {},
    { identity, endpoint: policy({ Principal: '*', Action: 's3:ListBucket' }) },
  ),
  row(
    ENDPOINT,
    'an endpoint’s policy overrides no other',
    'implicit_deny',
    {},
    { ...none, endpoint: policy({ Principal: '*' }) },
  ),
  row(
    ENDPOINT,
    'a Deny of it',
    'explicit_deny',
    {},
    { identity, endpoint: policy({ Effect: 'Deny', Principal: '*' }) },
  ),
  row(
    ENDPOINT,
    'it binds what a resource allows',
    'implicit_deny',
    {},
    { ...none, resource: to(MARY.arn), endpoint: policy({ Principal: { AWS: ROLE } }) },
  ),

  row(
    DYNAMODB,
    'within the account the table’s policy is enough',
    'allow',
    { action: 'dynamodb:GetItem', resource: TABLE },
    { ...none, resource: to(MARY.arn) },
  ),
  row(
    DYNAMODB,
    'across accounts both must allow',
    'implicit_deny',
    { action: 'dynamodb:GetItem', resource: TABLE, principal: STRANGER },
    { ...none, resource: to(STRANGER.arn) },
  ),
  row(
    DYNAMODB,
    'and do',
    'allow',
    { action: 'dynamodb:GetItem', resource: TABLE, principal: STRANGER },
    { identity, resource: to(STRANGER.arn) },
  ),
  row(
    DYNAMODB,
    'a Deny of the table’s policy',
    'explicit_deny',
    { action: 'dynamodb:Scan', resource: TABLE },
    { identity, resource: policy({ Effect: 'Deny', Principal: '*', Action: 'dynamodb:Scan' }) },
  ),
  row(
    `${S3}, Restricting access to requests made with HTTPS`,
    'without TLS',
    'explicit_deny',
    { context: { 'aws:SecureTransport': 'false' } },
    { identity, resource: secureOnly },
  ),
  row(
    `${S3}, Restricting access to requests made with HTTPS`,
    'with it',
    'allow',
    { context: { 'aws:SecureTransport': 'true' } },
    { ...none, resource: secureOnly },
  ),
  row(
    S3,
    'a public object',
    'allow',
    { principal: ANYBODY },
    { resource: policy({ Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::ledger/*' }) },
  ),
  row(S3, 'a bucket that is not', 'implicit_deny', { principal: ANYBODY }, { resource: to(MARY.arn) }),
];
