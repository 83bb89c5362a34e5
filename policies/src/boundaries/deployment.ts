// SPDX-License-Identifier: Apache-2.0
import { arnIn, bucketArns, iamArn, regionsOf, viaService } from '../arns.ts';
import { checkHome } from '../check.ts';
import { belowBoundary } from '../deployment/roles.ts';
import { TABLE_KEY } from '../deployment/storage.ts';
import { allow, anyAlias, document } from '../identities.ts';
import type { Home, PolicyDocument, Statement } from '../types.ts';
import { deny } from './common.ts';

/*
 * A boundary is one managed policy of 6,144 characters, and the deployment role's own policies (deployment/) are five times
 * as long. So this one has families of actions where those have each by name, and bounds by ARN what matters most: keys,
 * roles, functions, tables, buckets, log groups. It is the outer line: it holds when somebody gives the role more. What must
 * never be, whatever is allowed here or there, is denied by name.
 */

/** Families that show or change how the vault is built, and reach no data, no identity and no way out of the network. */
const BUILDING = [
  'apigateway:*RestApiPolicy',
  'apigateway:*WebACL',
  'apigateway:DELETE',
  'apigateway:GET',
  'apigateway:P*',
  'autoscaling:*Auto*',
  'autoscaling:*Hook*',
  'autoscaling:*Metrics*',
  'autoscaling:*Polic*',
  'autoscaling:*Process*',
  'autoscaling:*Tags',
  'autoscaling:*Target*',
  'autoscaling:*Traffic*',
  'autoscaling:Describe*',
  'cloudtrail:*Selectors',
  'cloudtrail:*Tags',
  'cloudtrail:*Trail*',
  'cloudtrail:StartLogging',
  'cloudwatch:*Alarm*',
  'cloudwatch:*Dashboard*',
  'cloudwatch:*Resource',
  'codebuild:*Project*',
  'codeconnections:Pass*',
  'codepipeline:*Pipeline',
  'codepipeline:*Resource',
  'codepipeline:Get*',
  'codestar-connections:Pass*',
  'ec2:*FlowLogs',
  'ec2:*LaunchTemplate*',
  'ec2:*RouteTable',
  'ec2:*SecurityGroup*',
  'ec2:*Subnet*',
  'ec2:*Tags',
  'ec2:*Vpc',
  'ec2:*VpcAttribute',
  'ec2:*VpcEndpoint',
  'ec2:DeleteVpcEndpoints',
  'ec2:Describe*s',
  'ec2:GetInstanceTypes*',
  'ec2:RunInstances',
  'elasticloadbalancing:*Balancer*',
  'elasticloadbalancing:*Listener*',
  'elasticloadbalancing:*Tags',
  'elasticloadbalancing:*Target*',
  'elasticloadbalancing:Describe*',
  'elasticloadbalancing:Set*',
  'events:*Resource',
  'events:*Rule',
  'events:*Targets*',
  'kms:CreateKey',
  'kms:List*',
  'lambda:CreateCodeSigningConfig',
  'logs:*LogDeliver*',
  // Also of an existing trail's group, which has whatever name.
  'logs:*MetricFilter*',
  'logs:*ResourcePolic*',
  'logs:DescribeLogGroups',
  'route53:AssociateVPCWithHostedZone',
  'route53resolver:*Firewall*',
  'route53resolver:*QueryLog*',
  'route53resolver:*Resource',
  'signer:*Resource',
  'signer:*SigningProfile',
  'sns:*Attributes',
  'sns:*Resource',
  'sns:*Topic',
  'sns:*ubscribe',
  'sns:GetData*',
  'ssm:GetParameters',
  'wafv2:*Logging*',
  'wafv2:*Resource',
  'wafv2:*WebACL*',
] as const;

/** The same of what has our name, and data behind it. */
const OWN = [
  'dynamodb:*Backups',
  'dynamodb:*Insights',
  'dynamodb:*Replica',
  'dynamodb:*Resource*',
  'dynamodb:*eTable',
  'dynamodb:Describe*',
  'dynamodb:UpdateTime*',
  'lambda:*Alias',
  'lambda:*Concurrency*',
  'lambda:*EventInvokeConfig',
  'lambda:*Permission',
  'lambda:*Resource',
  'lambda:CreateFunction',
  'lambda:DeleteCodeSigningConfig',
  'lambda:DeleteFunction',
  'lambda:Get*',
  'lambda:List*',
  'lambda:PublishVersion',
  'lambda:UpdateFunctionCo*',
  'logs:*KmsKey',
  'logs:*LogGroup',
  'logs:*RetentionPolicy',
  'logs:*Resource',
  'logs:Describe*',
  'logs:GetDataProtectionPolicy',
  's3:*Bucket*',
  's3:*Resource',
  's3:Get*Configuration',
  's3:GetObject*',
  's3:PutEncryptionConfiguration',
  's3:PutLifecycleConfiguration',
] as const;

const KEYS = [
  'kms:*Alias',
  'kms:*KeyDeletion',
  'kms:*Resource',
  'kms:DescribeKey',
  'kms:Disable*',
  'kms:Enable*',
  'kms:Get*',
  'kms:PutKeyPolicy',
  'kms:ReplicateKey',
  'kms:RevokeGrant',
  'kms:RotateKeyOnDemand',
  'kms:UpdateKeyDescription',
] as const;

/**
 * The most that the deployment role (CloudFormation's execution role) ever is: it makes, changes and retires what the
 * stacks have; it uses no key, reads no item, makes no role, and gives rights only to roles below a boundary of ours.
 * @param signed whether functions must have a code signing configuration
 * @throws {PolicyInputError} `invalid_deployment`
 */
export function deploymentBoundary(home: Home, signed = true): PolicyDocument {
  checkHome(home);
  const keys = arnIn(home, 'kms', 'key/*', '*');
  const { name, replicaRegions = [], roles } = home;
  return document([
    allow('Building', BUILDING, '*'),
    allow('Own', OWN, [
      arnIn(home, 'dynamodb', `table/${name}-*`, '*'),
      arnIn(home, 'lambda', `function:${name}-*`),
      arnIn(home, 'lambda', 'code-signing-config:*'),
      ...[`/${name}/*`, `*${name}-*`].map((group) => arnIn(home, 'logs', `log-group:${group}`, '*')),
      bucketArns(home, '*')[0],
      bucketArns(home, 'artifacts')[1],
    ]),
    ...(replicaRegions.length === 0
      ? []
      : [
          allow(
            'FillReplicas',
            ['dynamodb:*Item', 'dynamodb:Query', 'dynamodb:Scan'],
            arnIn(home, 'dynamodb', `table/${name}-*`, '*'),
            { StringNotEquals: { 'aws:RequestedRegion': home.region } },
          ),
        ]),
    allow('Keys', KEYS, [keys, anyAlias(home)]),
    // A grant is a use of a key that outlives its giver: to DynamoDB for its table, and to nobody else.
    allow('KeysThroughServices', ['kms:CreateGrant', ...TABLE_KEY], keys, {
      BoolIfExists: { 'kms:GrantIsForAWSResource': 'true' },
      StringLike: { 'kms:ViaService': ['dynamodb', 's3'].map((service) => viaService(home, service, '*')) },
    }),
    allow(
      'GiveRights',
      ['iam:DeleteRolePolicy', 'iam:PutRolePolicy'],
      iamArn(home, `role/${name}/*`),
      belowBoundary(home),
    ),
    // To which service a role may be handed, the role's trust policy says as well.
    allow('UseRoles', ['iam:GetRole*', 'iam:PassRole'], iamArn(home, `role/${name}/*`)),
    // Such a role is the service's own: nobody else takes it, and its rights are AWS's.
    allow('ServiceLinked', 'iam:CreateServiceLinkedRole', iamArn(home, 'role/aws-service-role/*')),
    ...denials(home, signed, [roles.deployment, roles.breakGlass]),
  ]);
}

function denials(home: Home, signed: boolean, controllers: readonly string[]): Statement[] {
  return [
    // Whoever could give these two rights, or hand them to a machine, would have what they have and more.
    deny('DenyControllers', ['iam:DeleteRolePolicy', 'iam:PassRole', 'iam:PutRolePolicy'], controllers),
    deny('DenyFunctionUrls', 'lambda:*FunctionUrlConfig', '*'),
    deny(
      'DenyUnsigning',
      [
        'lambda:DeleteFunctionCodeSigningConfig',
        'lambda:PutFunctionCodeSigningConfig',
        'lambda:UpdateCodeSigningConfig',
        'signer:AddProfilePermission',
      ],
      '*',
    ),
    ...(signed
      ? [
          deny('DenyUnsigned', 'lambda:CreateFunction', '*', {
            Null: { 'lambda:CodeSigningConfigArn': 'true' },
          }),
        ]
      : []),
    // A machine that is started is one of a launch template of ours: its role, image and subnet are under review there.
    deny('DenyLooseInstances', 'ec2:RunInstances', arnIn(home, 'ec2', 'instance/*', '*'), {
      Null: { 'ec2:LaunchTemplate': 'true' },
    }),
    deny('DenyLockoutBypass', 'kms:*Key*', '*', {
      Bool: { 'kms:BypassPolicyLockoutSafetyCheck': 'true' },
    }),
    deny('DenyPerimeterTags', '*', '*', { 'ForAnyValue:StringLike': { 'aws:TagKeys': 'dp:*' } }),
    // Services of the whole partition answer in one Region of it, events about those appear there, and keys have their
    // Region in their ARN.
    {
      Sid: 'DenyOtherRegions',
      Effect: 'Deny',
      NotAction: ['cloudwatch:*', 'events:*', 'iam:*', 'kms:*', 'route53:*', 'sns:*'],
      Resource: '*',
      Condition: { StringNotEquals: { 'aws:RequestedRegion': regionsOf(home) } },
    },
  ];
}
