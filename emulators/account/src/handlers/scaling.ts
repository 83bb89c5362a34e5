// SPDX-License-Identifier: Apache-2.0
import { AwsError } from '../errors.ts';
import { at, isObject, type JsonObject, listAt, textAt } from '../json.ts';
import { LIMITS } from '../limits.ts';
import type { Thing } from '../world.ts';
import type { Draft, Handler, Row, Subject } from './handler.ts';
import {
  changed,
  has,
  nameOf,
  regional,
  retagging,
  row,
  rows,
  serviceLinkedRole,
  withTags,
} from './handler.ts';
import { findKey } from './kms.ts';

/*
 * AWS::EC2::LaunchTemplate, AWS::AutoScaling::AutoScalingGroup, ScalingPolicy, LifecycleHook (schemas, of which the last
 * two list no handlers); EC2 Auto Scaling User Guide, "Control Amazon EC2 launch template usage in Auto Scaling groups"
 * (whoever makes a group with a launch template needs ec2:RunInstances and iam:PassRole for what it launches), "Required
 * AWS KMS key policy for use with encrypted volumes", and "Use AWS Systems Manager parameters instead of AMI IDs".
 */

const TEMPLATE: Handler = {
  type: 'AWS::EC2::LaunchTemplate',
  named: 'LaunchTemplateName',
  taken: {
    code: 'InvalidLaunchTemplateName.AlreadyExistsException',
    message: (name) => `Launch template name already in use: ${name}`,
  },
  createOnly: ['LaunchTemplateName'],
  create: [
    row('ec2:CreateLaunchTemplate', 'self', { context: templateTags }),
    row('ec2:CreateTags', 'self', {
      when: has('TagSpecifications'),
      context: (s) => ({ ...templateTags(s), 'ec2:CreateAction': 'CreateLaunchTemplate' }),
    }),
  ],
  read: [row('ec2:DescribeLaunchTemplates', '*'), row('ec2:DescribeLaunchTemplateVersions', '*')],
  update: [
    row('ec2:CreateLaunchTemplateVersion', 'self', {
      when: changed('LaunchTemplateData', 'VersionDescription'),
    }),
    row('ec2:CreateTags', 'self', { when: changed('TagSpecifications'), context: templateTags }),
    row('ec2:DescribeLaunchTemplates', '*'),
  ],
  remove: [row('ec2:DeleteLaunchTemplate'), row('ec2:DescribeLaunchTemplates', '*')],
  identify: (draft) => {
    const id = `lt-${draft.world.fresh(17)}`;
    const arn = regional('ec2', () => `launch-template/${id}`)(draft, id);
    return {
      id,
      arn,
      attributes: { LaunchTemplateId: id, LatestVersionNumber: '1', DefaultVersionNumber: '1' },
    };
  },
  check: ({ properties }) => {
    const userData = textAt(properties, 'LaunchTemplateData.UserData');
    if (userData === undefined) return;
    const size = Buffer.from(userData, 'base64').length;
    if (size > LIMITS.userData) {
      throw new AwsError('InvalidUserData.Malformed', `User data is limited to 16384 bytes: it has ${size}`);
    }
    if (
      Buffer.from(userData, 'base64').toString('base64').replace(/=+$/, '') !== userData.replace(/=+$/, '')
    ) {
      throw new AwsError('InvalidUserData.Malformed', 'Invalid BASE64 encoding of user data.');
    }
  },
  apply: (subject) => {
    const thing = subject.world.byArn(subject.arn);
    if (subject.previous === null || !changed('LaunchTemplateData', 'VersionDescription')(subject))
      return undefined;
    return {
      ...thing?.attributes,
      LatestVersionNumber: String(Number(thing?.attributes.LatestVersionNumber) + 1),
    };
  },
};

function templateTags({ properties }: Subject) {
  return withTags({ properties: { Tags: at(listAt(properties, 'TagSpecifications')[0], 'Tags') } });
}

/** The launch template that a group is made of. */
function templateOf(subject: Subject): Thing | undefined {
  const { properties, world, region } = subject;
  const mixed = 'MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification';
  const id =
    textAt(properties, `${mixed}.LaunchTemplateId`) ?? textAt(properties, 'LaunchTemplate.LaunchTemplateId');
  const name =
    textAt(properties, `${mixed}.LaunchTemplateName`) ??
    textAt(properties, 'LaunchTemplate.LaunchTemplateName');
  const all = world.all('AWS::EC2::LaunchTemplate', region);
  return all.find(
    (thing) => thing.id === id || (name !== undefined && thing.properties.LaunchTemplateName === name),
  );
}

function dataOf(subject: Subject): JsonObject {
  const data = templateOf(subject)?.properties.LaunchTemplateData;
  return isObject(data ?? null) ? (data as JsonObject) : {};
}

/** The role of the template's instance profile. */
function instanceRole(subject: Subject): readonly string[] {
  const data = dataOf(subject);
  const arn = textAt(data, 'IamInstanceProfile.Arn');
  const name = textAt(data, 'IamInstanceProfile.Name') ?? arn?.slice(arn.lastIndexOf('/') + 1);
  const profile = subject.world.find('AWS::IAM::InstanceProfile', 'global', name ?? '');
  return listAt(profile?.properties, 'Roles').map(
    (role) => subject.world.find('AWS::IAM::Role', 'global', String(role))?.arn ?? String(role),
  );
}

/** What an instance is launched of and into, as ec2:RunInstances asks of each. */
function launched(subject: Subject): readonly string[] {
  const { world, region, properties } = subject;
  const own = `arn:${world.partition}:ec2:${region}:${world.account}:`;
  const subnets = String(listAt(properties, 'VPCZoneIdentifier').join()).split(',').filter(Boolean);
  const interfaces = listAt(dataOf(subject), 'NetworkInterfaces').flatMap((one) => listAt(one, 'Groups'));
  const groups = [...listAt(dataOf(subject), 'SecurityGroupIds'), ...interfaces].map(String);
  return [
    `${own}instance/*`,
    `${own}volume/*`,
    `${own}network-interface/*`,
    `arn:${world.partition}:ec2:${region}::image/*`,
    ...subnets.map((id) => `${own}subnet/${id}`),
    ...groups.map((id) => `${own}security-group/${id}`),
    templateOf(subject)?.arn ?? `${own}launch-template/*`,
  ];
}

const LAUNCHING = ['MixedInstancesPolicy', 'LaunchTemplate', 'VPCZoneIdentifier'];

const launching = (when?: Row['when']): readonly Row[] => {
  const also = (test: Row['when']): { when?: (subject: Subject) => boolean } =>
    test === undefined && when === undefined
      ? {}
      : { when: (subject) => (test?.(subject) ?? true) && (when?.(subject) ?? true) };
  return [
    row('ec2:RunInstances', launched, {
      ...also(undefined),
      context: (s) => ({
        'ec2:LaunchTemplate': templateOf(s)?.arn ?? '',
        'ec2:IsLaunchTemplateResource': 'true',
      }),
    }),
    row('ec2:CreateTags', (s) => launched(s).slice(0, 2), {
      ...also((s) => listAt(dataOf(s), 'TagSpecifications').length > 0),
      context: (s) => ({
        ...withTags({ properties: { Tags: at(listAt(dataOf(s), 'TagSpecifications')[0], 'Tags') } }),
        'ec2:CreateAction': 'RunInstances',
      }),
    }),
    row('iam:PassRole', instanceRole, {
      ...also((s) => instanceRole(s).length > 0),
      context: () => ({ 'iam:PassedToService': 'ec2.amazonaws.com' }),
    }),
    row(
      'ssm:GetParameters',
      (s) => parameter(s),
      also((s) => parameter(s).length > 0),
    ),
  ];
};

function parameter(subject: Subject): readonly string[] {
  const name = /^resolve:ssm:([^:]+)/.exec(textAt(dataOf(subject), 'ImageId') ?? '')?.[1];
  const { world, region } = subject;
  return name === undefined
    ? []
    : [`arn:${world.partition}:ssm:${region}::parameter/${name.replace(/^\//, '')}`];
}

const groupDescribe = rows('*', [
  'autoscaling:DescribeAutoScalingGroups',
  'autoscaling:DescribeScalingActivities',
]);

/** Properties that operations of their own set. */
const PARTS = [
  ['MetricsCollection', 'autoscaling:EnableMetricsCollection', 'autoscaling:DisableMetricsCollection'],
  ['LifecycleHookSpecificationList', 'autoscaling:PutLifecycleHook', 'autoscaling:DeleteLifecycleHook'],
  [
    'NotificationConfigurations',
    'autoscaling:PutNotificationConfiguration',
    'autoscaling:DeleteNotificationConfiguration',
  ],
  [
    'TargetGroupARNs',
    'autoscaling:AttachLoadBalancerTargetGroups',
    'autoscaling:DetachLoadBalancerTargetGroups',
  ],
  ['TrafficSources', 'autoscaling:AttachTrafficSources', 'autoscaling:DetachTrafficSources'],
] as const;

const GROUP: Handler = {
  type: 'AWS::AutoScaling::AutoScalingGroup',
  named: 'AutoScalingGroupName',
  taken: {
    code: 'AlreadyExists',
    message: (name) => `AutoScalingGroup by this name already exists: ${name}`,
  },
  createOnly: ['AutoScalingGroupName'],
  create: [
    row('autoscaling:CreateAutoScalingGroup', 'self', { context: withTags }),
    ...launching(),
    ...PARTS.slice(0, 3).map(([property, put]) => row(put, 'self', { when: has(property) })),
    serviceLinkedRole('autoscaling.amazonaws.com'),
  ],
  read: groupDescribe,
  update: [
    row('autoscaling:UpdateAutoScalingGroup', 'self'),
    ...launching(changed(...LAUNCHING)),
    ...PARTS.flatMap(([property, put, drop]) => [
      row(put, 'self', { when: (s) => changed(property)(s) && has(property)(s) }),
      row(drop, 'self', { when: (s) => changed(property)(s) && s.previous?.[property] !== undefined }),
    ]),
    ...retagging('autoscaling:CreateOrUpdateTags', 'autoscaling:DeleteTags'),
    ...groupDescribe,
  ],
  remove: [
    // CloudFormation empties the group before it deletes it.
    row('autoscaling:UpdateAutoScalingGroup', 'self'),
    row('autoscaling:DeleteAutoScalingGroup', 'self'),
    ...groupDescribe,
  ],
  identify: (draft) => {
    const id = nameOf(draft, 'AutoScalingGroupName');
    const hex = draft.world.fresh(32);
    const uuid = [
      hex.slice(0, 8),
      hex.slice(8, 12),
      hex.slice(12, 16),
      hex.slice(16, 20),
      hex.slice(20),
    ].join('-');
    const arn = regional('autoscaling', () => `autoScalingGroup:${uuid}:autoScalingGroupName/${id}`)(
      draft,
      id,
    );
    return { id, arn, attributes: { AutoScalingGroupARN: arn } };
  },
  check: (subject) => {
    const { world, properties } = subject;
    if (templateOf(subject) === undefined)
      throw new AwsError('ValidationError', 'You must use a valid fully-formed launch template.');
    const lifetime = Number(textAt(properties, 'MaxInstanceLifetime') ?? '0');
    if (lifetime !== 0 && lifetime < 86_400)
      throw new AwsError('ValidationError', 'MaxInstanceLifetime must be 0 or at least 86400');
    for (const arn of listAt(properties, 'TargetGroupARNs').map(String)) {
      if (world.byArn(arn) === undefined)
        throw new AwsError('ValidationError', `Invalid target group ${arn}`);
    }
    checkVolumeKeys(subject);
  },
  apply: ({ world }) => {
    world.serviceLinkedRoles.add('autoscaling.amazonaws.com');
    return undefined;
  },
};

/** A customer key of volumes must let the service-linked role of Auto Scaling make a grant, or no instance ever starts. */
function checkVolumeKeys(subject: Subject): void {
  const { account, world, region } = subject;
  for (const mapping of listAt(dataOf(subject), 'BlockDeviceMappings')) {
    const name = textAt(mapping, 'Ebs.KmsKeyId');
    if (name === undefined || name.startsWith('alias/aws/')) continue;
    const key = findKey(world, region, name);
    const arn = `arn:${world.partition}:iam::${world.account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`;
    const role = { arn, type: 'role', account: world.account } as const;
    const context = {
      'kms:GrantIsForAWSResource': 'true',
      'kms:ViaService': `ec2.${region}.${world.suffix}`,
    };
    const allowed =
      key !== undefined &&
      account.decide(
        { principal: role, context: {} },
        { action: 'kms:CreateGrant', resource: key.arn, region, context },
      ).allowed;
    if (!allowed) {
      throw new AwsError(
        'Client.InternalError',
        `Instances cannot start: the key ${name} lets Auto Scaling make no grant`,
      );
    }
  }
}

const itsGroup = ({ world, region, properties }: Subject): string =>
  world.find('AWS::AutoScaling::AutoScalingGroup', region, textAt(properties, 'AutoScalingGroupName') ?? '')
    ?.arn ??
  `arn:${world.partition}:autoscaling:${region}:${world.account}:autoScalingGroup:*:autoScalingGroupName/${textAt(properties, 'AutoScalingGroupName')}`;

const ofGroup = (kind: string) => (draft: Draft) => {
  const id = `${textAt(draft.properties, 'AutoScalingGroupName')}-${draft.logicalId}-${draft.world.fresh(12)}`;
  const arn = regional(
    'autoscaling',
    () =>
      `${kind}:${draft.world.fresh(32)}:autoScalingGroupName/${textAt(draft.properties, 'AutoScalingGroupName')}:${kind}Name/${id}`,
  )(draft, id);
  return { id: kind === 'scalingPolicy' ? arn : id, arn, attributes: { Arn: arn, PolicyName: id } };
};

const SCALING_POLICY: Handler = {
  type: 'AWS::AutoScaling::ScalingPolicy',
  createOnly: ['AutoScalingGroupName'],
  create: [row('autoscaling:PutScalingPolicy', itsGroup)],
  read: [row('autoscaling:DescribePolicies', '*')],
  update: [row('autoscaling:PutScalingPolicy', itsGroup)],
  remove: [row('autoscaling:DeletePolicy', itsGroup)],
  identify: ofGroup('scalingPolicy'),
};

const LIFECYCLE_HOOK: Handler = {
  type: 'AWS::AutoScaling::LifecycleHook',
  createOnly: ['AutoScalingGroupName', 'LifecycleHookName'],
  create: [row('autoscaling:PutLifecycleHook', itsGroup)],
  read: [row('autoscaling:DescribeLifecycleHooks', '*')],
  update: [row('autoscaling:PutLifecycleHook', itsGroup)],
  remove: [row('autoscaling:DeleteLifecycleHook', itsGroup)],
  identify: ofGroup('lifecycleHook'),
};

export const SCALING_HANDLERS: readonly Handler[] = [TEMPLATE, GROUP, SCALING_POLICY, LIFECYCLE_HOOK];
