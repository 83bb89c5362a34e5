// SPDX-License-Identifier: Apache-2.0
import { type ControlDocument, checkOrganization, type Organization, vaultRole } from './types.ts';

/*
 * Service control policies: what principals of the organization may do at most. They bind neither service-linked roles nor
 * the management account nor AWS services, and no principal of other organizations (Organizations User Guide, "Service
 * control policies"). No tag exempts.
 */

/** For every account: what nobody in the organization needs, and what would loosen every perimeter in it. */
export function organizationControls(organization: Organization): ControlDocument {
  checkOrganization(organization);
  const { partition, name, administrators } = organization;
  return {
    Version: '2012-10-17',
    Statement: [
      // A grant is a key policy that nobody reviews: services make them for their own use, and for nobody else's.
      {
        Sid: 'RestrictKMSGrantsCreationToAWSServices',
        Effect: 'Deny',
        Action: 'kms:CreateGrant',
        Resource: '*',
        Condition: { BoolIfExists: { 'kms:GrantIsForAWSResource': 'false' } },
      },
      {
        Sid: 'ProtectDataPerimeterTags',
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: {
          'ForAnyValue:StringLike': { 'aws:TagKeys': 'dp:*' },
          ArnNotLike: { 'aws:PrincipalArn': administrators },
        },
      },
      {
        Sid: 'PreventLambdaFunctionURLAuthNone',
        Effect: 'Deny',
        Action: ['lambda:CreateFunctionUrlConfig', 'lambda:UpdateFunctionUrlConfig'],
        Resource: '*',
        Condition: { StringNotEquals: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } },
      },
      // The deployment role gives rights below a boundary; who may change a boundary, a trust policy or a role is named here.
      {
        Sid: 'ProtectVaultRoles',
        Effect: 'Deny',
        Action: ROLE_CHANGES,
        Resource: ['policy', 'role'].map((kind) => `arn:${partition}:iam::*:${kind}/${name}/*`),
        Condition: { ArnNotLike: { 'aws:PrincipalArn': administrators } },
      },
      {
        Sid: 'ProtectVaultRights',
        Effect: 'Deny',
        Action: ['iam:DeleteRolePolicy', 'iam:PutRolePolicy'],
        Resource: `arn:${partition}:iam::*:role/${name}/*`,
        Condition: {
          ArnNotLike: { 'aws:PrincipalArn': [...administrators, vaultRole(organization, 'deployment')] },
        },
      },
    ],
  };
}

const ROLE_CHANGES = [
  'iam:AttachRolePolicy',
  'iam:CreatePolicyVersion',
  'iam:CreateRole',
  'iam:DeletePolicy',
  'iam:DeletePolicyVersion',
  'iam:DeleteRole',
  'iam:DeleteRolePermissionsBoundary',
  'iam:DetachRolePolicy',
  'iam:PutRolePermissionsBoundary',
  'iam:SetDefaultPolicyVersion',
  'iam:UpdateAssumeRolePolicy',
] as const;

/**
 * What is one step from being a role that the keys trust: to have CloudFormation work as the deployment role (a stack keeps
 * its role, so that an update of one is enough), to hand a role of the vault over, to change what its functions run.
 */
const NEXT_TO_ROLES = [
  'cloudformation:ContinueUpdateRollback',
  'cloudformation:CreateChangeSet',
  'cloudformation:CreateStack',
  'cloudformation:DeleteStack',
  'cloudformation:ExecuteChangeSet',
  'cloudformation:RollbackStack',
  'cloudformation:UpdateStack',
  'iam:PassRole',
  'lambda:AddPermission',
  'lambda:UpdateAlias',
  'lambda:UpdateFunctionCode',
  'lambda:UpdateFunctionConfiguration',
] as const;

/**
 * For accounts of vaults: who works beside the vault's roles, and the vault's roles on the organization's resources, from
 * the vault's networks.
 */
export function vaultControls(organization: Organization): ControlDocument {
  checkOrganization(organization);
  const { partition, id, name, networks, partners, administrators, outsiders } = organization;
  const vaultRoles = { 'aws:PrincipalArn': `arn:${partition}:iam::*:role/${name}/*` };
  const vpcs = networks.map(({ vpcId }) => vpcId);
  // The smoke test of a public API is outside as well: through the endpoints of the VPC none can be called.
  const outside = ['authorizer', 'canary-control', 'canary-outside', 'smoke'].map(
    (role) => `arn:${partition}:lambda:*:*:function:${name}-${role}`,
  );
  // What a service does next with the caller's session is its own way, and no longer the caller's.
  const direct = { BoolIfExists: { 'aws:ViaAWSService': 'false' } };
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'ProtectVaultWork',
        Effect: 'Deny',
        Action: NEXT_TO_ROLES,
        Resource: [
          `arn:${partition}:cloudformation:*:*:stack/${name}-*`,
          `arn:${partition}:iam::*:role/${name}/*`,
          `arn:${partition}:lambda:*:*:function:${name}-*`,
        ],
        Condition: {
          ArnNotLike: {
            'aws:PrincipalArn': [
              ...new Set([...administrators, ...outsiders]),
              ...['deploy', 'deployment'].map((role) => vaultRole(organization, role)),
            ],
          },
        },
      },
      // Whoever invokes the API's function writes the event, the caller's identity in it. The gateway is a service, which no
      // control policy binds.
      {
        Sid: 'LetGatewayAloneInvoke',
        Effect: 'Deny',
        Action: 'lambda:InvokeFunction',
        Resource: ['', ':*'].map((end) => `arn:${partition}:lambda:*:*:function:${name}-api${end}`),
      },
      {
        Sid: 'EnforceResourcePerimeter',
        Effect: 'Deny',
        Action: CARRIERS,
        Resource: '*',
        Condition: {
          ArnLike: vaultRoles,
          StringNotEquals: {
            'aws:ResourceOrgID': id,
            ...(partners.length > 0 ? { 'aws:ResourceAccount': partners } : {}),
          },
          ...direct,
        },
      },
      // Lambda writes a function's log and traces itself, from its own network. Some functions are outside on purpose.
      {
        Sid: 'EnforceNetworkPerimeterOnLambdaRoles',
        Effect: 'Deny',
        NotAction: [
          'logs:CreateLogGroup',
          'logs:CreateLogStream',
          'logs:PutLogEvents',
          'xray:PutTelemetryRecords',
          'xray:PutTraceSegments',
        ],
        Resource: '*',
        Condition: {
          ArnLike: vaultRoles,
          Null: { 'lambda:SourceFunctionArn': 'false' },
          ArnNotLike: { 'lambda:SourceFunctionArn': outside },
          StringNotEquals: { 'aws:SourceVpc': vpcs },
          ...direct,
        },
      },
      {
        Sid: 'EnforceNetworkPerimeterOnEC2Roles',
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: {
          ArnLike: vaultRoles,
          Null: { 'ec2:SourceInstanceARN': 'false' },
          StringNotEquals: { 'aws:SourceVpc': vpcs },
          ...direct,
        },
      },
      // An instance's credentials, used from another network of ours than the one it is in.
      {
        Sid: 'KeepInstanceCredentialsAtHome',
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: {
          ArnLike: vaultRoles,
          Null: { 'aws:EC2InstanceSourceVPC': 'false' },
          // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of IAM's.
          StringNotEquals: { 'aws:EC2InstanceSourceVPC': '${aws:SourceVpc}' },
          ...direct,
        },
      },
      {
        Sid: 'PreventNonVPCDeploymentLambda',
        Effect: 'Deny',
        Action: ['lambda:CreateFunction', 'lambda:UpdateFunctionConfiguration'],
        NotResource: outside,
        Condition: { Null: { 'lambda:VpcIds': 'true' } },
      },
    ],
  };
}

/** Actions that carry data to a resource or from it. */
const CARRIERS = [
  'dynamodb:BatchGetItem',
  'dynamodb:BatchWriteItem',
  'dynamodb:GetItem',
  'dynamodb:PutItem',
  'dynamodb:Query',
  'dynamodb:Scan',
  'dynamodb:UpdateItem',
  'events:PutEvents',
  'firehose:PutRecord',
  'firehose:PutRecordBatch',
  'kinesis:PutRecord',
  'kinesis:PutRecords',
  'kms:Decrypt',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyPair',
  'kms:GenerateDataKeyPairWithoutPlaintext',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
  'kms:Sign',
  'lambda:InvokeFunction',
  'logs:PutLogEvents',
  's3:GetObject',
  's3:GetObjectVersion',
  's3:PutObject',
  'secretsmanager:GetSecretValue',
  'sns:Publish',
  'sqs:SendMessage',
  'sts:AssumeRole',
] as const;
