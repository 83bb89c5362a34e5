// SPDX-License-Identifier: Apache-2.0
import { deploymentPolicies } from '@enclave-vault/policies';
import { readRole } from '@enclave-vault/settings';
import { expect, it } from 'vitest';
import { actionsOf, HANDLERS } from '../../emulators/account/src/handlers/index.ts';
import { homeOf } from '../src/home.ts';
import { DEPLOY, exampleKnown, namesOf, stagesOf, synthesize } from '../src/index.ts';

/*
 * The deployment role has what CloudFormation's handlers of our resource types call, and nothing else: the table of
 * handlers (emulators/account) against the role's policies, action by action. That each is asked on the right resource,
 * under the right conditions, the simulated deployment shows.
 */

const CONFIG = readRole(DEPLOY, {
  file: { ...(DEPLOY.example as object), replicaRegions: ['eu-west-1'] },
  env: {},
});

/** Types that a deployment has by choice. */
const BY_CHOICE = [
  'AWS::ApiGateway::Authorizer',
  'AWS::ApiGateway::UsagePlan',
  'AWS::AutoScaling::LifecycleHook',
  'AWS::CloudWatch::CompositeAlarm',
  'AWS::CodeBuild::Project',
  'AWS::CodePipeline::Pipeline',
  'AWS::KMS::ReplicaKey',
  'AWS::SNS::Subscription',
  'AWS::WAFv2::LoggingConfiguration',
  'AWS::WAFv2::WebACL',
  'AWS::WAFv2::WebACLAssociation',
] as const;

/** What a handler may call for properties that no template of ours has, or that none may change. */
const REFUSED: Readonly<Record<string, string>> = {
  'autoscaling:DeleteNotificationConfiguration': 'alarms tell of the group',
  'autoscaling:PutNotificationConfiguration': 'alarms tell of the group',
  'ec2:ModifyVpcTenancy': 'tenancy is the default one',
  'elasticloadbalancing:RegisterTargets': 'Auto Scaling registers instances',
  'elasticloadbalancing:DeregisterTargets': 'Auto Scaling takes them out',
  'lambda:DeleteFunctionCodeSigningConfig': 'loosens code signing',
  'lambda:PutFunctionCodeSigningConfig': 'loosens code signing',
  'lambda:PutFunctionRecursionConfig': 'recursion is detected by default',
  'lambda:PutRuntimeManagementConfig': 'runtimes are updated by default',
  'lambda:UpdateCodeSigningConfig': 'loosens code signing: people do it, under their own rights',
  'lambda:UpdateEventSourceMapping': 'there is none',
  'logs:PutDataProtectionPolicy': 'no log has data that would have to be masked',
  's3:PutBucketNotification': 'buckets notify nobody',
  'sns:PutDataProtectionPolicy': 'no message has data that would have to be masked',
};

/** What no handler's row is for, with the reason for each. */
const BESIDE: readonly (readonly [reason: string, actions: RegExp])[] = [
  [
    'Auto Scaling’s schema reads by autoscaling:Describe* and looks around by ec2:Describe* and ec2:Get*',
    /^(autoscaling:Describe|ec2:(Describe|Get))/,
  ],
  [
    'a rolling update of the group, which is CloudFormation’s own and of no schema',
    /^autoscaling:(ResumeProcesses|SuspendProcesses|TerminateInstanceInAutoScalingGroup)$/,
  ],
  [
    'S3’s schema reads every property of a bucket, whether or not it is set, and knows both kinds of tagging',
    /^s3:(Get.*|ListTagsForResource|TagResource|UntagResource)$/,
  ],
  [
    'private names of endpoints: a dependent action of CreateVpcEndpoint',
    /^route53:AssociateVPCWithHostedZone$/,
  ],
  [
    'administration that key policies leave to the account',
    /^kms:(CancelKeyDeletion|GetPublicKey|List(Grants|KeyPolicies|KeyRotations|Keys)|RevokeGrant|RotateKeyOnDemand)$/,
  ],
  ['its policy is taken from a table that is to have none', /^dynamodb:DeleteResourcePolicy$/],
  [
    'reads of newer members',
    /^(dynamodb:DescribeTableReplicaAutoScaling|elasticloadbalancing:DescribeCapacityReservation|logs:DescribeIndexPolicies|route53resolver:ListFirewallConfigs|signer:ListTagsForResource)$/,
  ],
  [
    'reads and updates by the other name of the operation',
    /^lambda:(ListVersionsByFunction|UpdateFunctionEventInvokeConfig)$/,
  ],
  [
    'a connection to a source is passed on by a pipeline that names it',
    /^(codeconnections|codestar-connections):PassConnection$/,
  ],
];

const granted = new Set(
  Object.values(deploymentPolicies(homeOf(CONFIG, namesOf(CONFIG))))
    .flatMap(({ Statement }) => Statement.filter(({ Effect }) => Effect === 'Allow'))
    .flatMap(({ Action }) => [Action ?? []].flat()),
);

const types = new Set([
  ...BY_CHOICE.filter((type) => HANDLERS.has(type)),
  ...stagesOf(CONFIG)
    .filter(({ id }) => id !== 'controllers' && id !== 'identities')
    .flatMap((stage) =>
      Object.values(synthesize(stage, exampleKnown(CONFIG)).Resources).map(({ Type }) => Type),
    ),
]);
const called = new Map(
  [...types].flatMap((type) => actionsOf(type).map((action) => [action, type] as const)),
);

it('may call everything that CloudFormation calls for our resource types, but for what is refused on purpose', () => {
  const missing = [...called].filter(([action]) => !granted.has(action) && !(action in REFUSED));
  expect(missing).toEqual([]);
});

it('may call nothing else, but for what is beside the table with a reason', () => {
  const beyond = [...granted].filter(
    (action) => !called.has(action) && !BESIDE.some(([, actions]) => actions.test(action)),
  );
  expect(beyond).toEqual([]);
});

it('is refused nothing by a reason that is no more, and given nothing by one', () => {
  for (const action of Object.keys(REFUSED)) expect([action, granted.has(action)]).toEqual([action, false]);
  for (const [reason, actions] of BESIDE) {
    const needed = [...granted].some((action) => !called.has(action) && actions.test(action));
    expect([reason, needed]).toEqual([reason, true]);
  }
});

/** Types of which a resource is told apart by its tag, since its id is nobody's choice; and where its tags are. */
const TAGGED: Readonly<Record<string, string>> = {
  'AWS::EC2::FlowLog': 'Tags',
  'AWS::EC2::LaunchTemplate': 'TagSpecifications',
  'AWS::EC2::RouteTable': 'Tags',
  'AWS::EC2::SecurityGroup': 'Tags',
  'AWS::EC2::Subnet': 'Tags',
  'AWS::EC2::VPC': 'Tags',
  'AWS::EC2::VPCEndpoint': 'Tags',
  'AWS::Route53Resolver::FirewallDomainList': 'Tags',
  'AWS::Route53Resolver::FirewallRuleGroup': 'Tags',
  'AWS::Route53Resolver::FirewallRuleGroupAssociation': 'Tags',
  'AWS::Route53Resolver::ResolverQueryLoggingConfig': 'Tags',
};

it('finds the tag that it is bound to on every resource whose making asks for it', () => {
  const resources = stagesOf(CONFIG).flatMap((stage) =>
    Object.values(synthesize(stage, exampleKnown(CONFIG)).Resources).filter(({ Type }) => Type in TAGGED),
  );
  expect(new Set(resources.map(({ Type }) => Type))).toEqual(new Set(Object.keys(TAGGED)));
  for (const { Type, Properties } of resources) {
    const tags = JSON.stringify(Properties?.[TAGGED[Type] ?? '']);
    expect([Type, tags]).toEqual([Type, expect.stringContaining('{"Key":"enclave-vault","Value":"vault"}')]);
  }
});
