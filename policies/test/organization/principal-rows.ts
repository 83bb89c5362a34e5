// SPDX-License-Identifier: Apache-2.0
import { ACCOUNT, admin, api, deployer, deployment, grant, key, type Row, tagged } from './support.ts';

/** Asked of the policy for principals of every account. */
export const PRINCIPALS: readonly Row[] = [
  [
    'a grant for a service’s resource',
    'allow',
    { by: admin, action: 'kms:CreateGrant', resource: key, context: grant('true') },
  ],
  [
    'a grant for somebody',
    'RestrictKMSGrantsCreationToAWSServices',
    { by: admin, action: 'kms:CreateGrant', resource: key, context: grant('false') },
  ],
  [
    'a grant that does not say for whom',
    'RestrictKMSGrantsCreationToAWSServices',
    { by: deployer, action: 'kms:CreateGrant', resource: key },
  ],
  ['a tag of a perimeter', 'ProtectDataPerimeterTags', { by: admin, action: 'iam:TagRole', context: tagged }],
  [
    'the same in a session',
    'ProtectDataPerimeterTags',
    { by: admin, action: 'sts:TagSession', context: tagged },
  ],
  [
    'the same as a resource is made',
    'ProtectDataPerimeterTags',
    { by: deployment, action: 'dynamodb:CreateTable', context: tagged },
  ],
  ['the same by an administrator', 'allow', { by: deployer, action: 'iam:TagRole', context: tagged }],
  [
    'another tag',
    'allow',
    {
      by: admin,
      action: 'iam:TagRole',
      resource: 'arn:aws:iam::1:role/a',
      context: { 'aws:TagKeys': ['cost'] },
    },
  ],
  [
    'an open function URL',
    'PreventLambdaFunctionURLAuthNone',
    {
      by: deployer,
      action: 'lambda:CreateFunctionUrlConfig',
      context: { 'lambda:FunctionUrlAuthType': 'NONE' },
    },
  ],
  [
    'a URL that is opened later',
    'PreventLambdaFunctionURLAuthNone',
    {
      by: deployer,
      action: 'lambda:UpdateFunctionUrlConfig',
      context: { 'lambda:FunctionUrlAuthType': 'NONE' },
    },
  ],
  [
    'a URL for signed calls',
    'allow',
    {
      by: deployer,
      action: 'lambda:CreateFunctionUrlConfig',
      context: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' },
    },
  ],
  ...[
    'AttachRolePolicy',
    'CreateRole',
    'DeleteRole',
    'DeleteRolePermissionsBoundary',
    'DetachRolePolicy',
    'PutRolePermissionsBoundary',
    'UpdateAssumeRolePolicy',
  ].flatMap((action): Row[] => [
    [
      `iam:${action} on a vault’s role`,
      'ProtectVaultRoles',
      { by: admin, action: `iam:${action}`, resource: api.arn },
    ],
    [
      `iam:${action} by the deployment role`,
      'ProtectVaultRoles',
      { by: deployment, action: `iam:${action}`, resource: api.arn },
    ],
    [
      `iam:${action} by an administrator`,
      'allow',
      { by: deployer, action: `iam:${action}`, resource: api.arn },
    ],
  ]),
  ...['CreatePolicyVersion', 'DeletePolicy', 'DeletePolicyVersion', 'SetDefaultPolicyVersion'].map(
    (action): Row => [
      `iam:${action} of a boundary`,
      'ProtectVaultRoles',
      {
        by: admin,
        action: `iam:${action}`,
        resource: `arn:aws:iam::${ACCOUNT}:policy/vault/vault-boundary-api`,
      },
    ],
  ),
  [
    'rights for a vault’s role',
    'ProtectVaultRights',
    { by: admin, action: 'iam:PutRolePolicy', resource: api.arn },
  ],
  [
    'rights taken from one',
    'ProtectVaultRights',
    { by: admin, action: 'iam:DeleteRolePolicy', resource: api.arn },
  ],
  ['rights by an administrator', 'allow', { by: deployer, action: 'iam:PutRolePolicy', resource: api.arn }],
  [
    'rights by the deployment role',
    'allow',
    { by: deployment, action: 'iam:PutRolePolicy', resource: api.arn },
  ],
  [
    'rights for a role of others',
    'allow',
    { by: admin, action: 'iam:PutRolePolicy', resource: 'arn:aws:iam::1:role/payroll' },
  ],
];
