// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { AwsError } from '../errors.ts';
import { textAt, textsAt } from '../json.ts';
import type { Thing } from '../world.ts';
import { capacityOf, launchVersion } from './ec2.ts';
import { type Endpoint, formOf, membersOf, type Request, type Response } from './endpoint.ts';
import { element, type Xml } from './xml.ts';

/*
 * Instances come and go at once: a group has as many as it wants, of the version of its launch template. What they
 * answer to health checks is for the test to say.
 */

export const AUTO_SCALING: Endpoint = {
  protocol: 'query',
  handle(request): Response {
    const form = formOf(request);
    const { authorize, on, region } = request;
    if (form.get('Action') !== 'DescribeAutoScalingGroups') throw unknown(form);
    authorize('autoscaling:DescribeAutoScalingGroups', '*');
    const names = membersOf(form, 'AutoScalingGroupNames');
    const groups = on.account.world
      .all('AWS::AutoScaling::AutoScalingGroup', region)
      .filter(({ id }) => names.length === 0 || names.includes(id));
    return answer('DescribeAutoScalingGroups', { AutoScalingGroups: groups.map(describeGroup) });
  },
};

export const LOAD_BALANCING: Endpoint = {
  protocol: 'query',
  handle(request): Response {
    const form = formOf(request);
    if (form.get('Action') !== 'DescribeTargetHealth') throw unknown(form);
    request.authorize('elasticloadbalancing:DescribeTargetHealth', '*');
    const arn = form.get('TargetGroupArn') ?? '';
    const group = groupOf(request, arn);
    const version = launchVersion(group?.properties);
    const state = request.on.machines.health(group?.id ?? '', version);
    return answer('DescribeTargetHealth', {
      TargetHealthDescriptions: (group === undefined ? [] : instancesOf(group)).map((id) => ({
        Target: { Id: id, Port: 8443 },
        HealthCheckPort: '8080',
        TargetHealth: { State: state, Reason: state === 'healthy' ? undefined : 'Target.FailedHealthChecks' },
      })),
    });
  },
};

function groupOf({ on, region }: Request, arn: string): Thing | undefined {
  if (on.account.world.byArn(arn) === undefined) {
    throw new AwsError('TargetGroupNotFound', 'One or more target groups not found');
  }
  return on.account.world
    .all('AWS::AutoScaling::AutoScalingGroup', region)
    .find(({ properties }) => textsAt(properties, 'TargetGroupARNs').includes(arn));
}

function describeGroup(group: Thing): Xml {
  const { id, arn, properties } = group;
  const version = launchVersion(properties);
  const mixed = 'MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification';
  const template = {
    LaunchTemplateId:
      textAt(properties, `${mixed}.LaunchTemplateId`) ??
      textAt(properties, 'LaunchTemplate.LaunchTemplateId'),
    Version: version,
  };
  return {
    AutoScalingGroupName: id,
    AutoScalingGroupARN: arn,
    MinSize: textAt(properties, 'MinSize'),
    MaxSize: textAt(properties, 'MaxSize'),
    DesiredCapacity: capacityOf(properties),
    DefaultCooldown: 300,
    AvailabilityZones: [],
    HealthCheckType: textAt(properties, 'HealthCheckType') ?? 'EC2',
    CreatedTime: '2026-01-01T00:00:00Z',
    MixedInstancesPolicy: { LaunchTemplate: { LaunchTemplateSpecification: template } },
    Instances: instancesOf(group).map((instance) => ({
      InstanceId: instance,
      LifecycleState: 'InService',
      HealthStatus: 'Healthy',
      ProtectedFromScaleIn: false,
      AvailabilityZone: '',
      LaunchTemplate: template,
    })),
  };
}

/** Others for each version: a new one means new instances. */
function instancesOf({ id, arn, properties }: Thing): readonly string[] {
  return Array.from({ length: capacityOf(properties) }, (_, index) => {
    const seed = `${arn} ${id} ${launchVersion(properties)} ${index}`;
    return `i-${createHash('sha256').update(seed).digest('hex').slice(0, 17)}`;
  });
}

function answer(name: string, result: Xml): Response {
  return { body: element(`${name}Response`, { [`${name}Result`]: result }) };
}

function unknown(form: URLSearchParams): AwsError {
  return new AwsError('InvalidAction', `The action ${form.get('Action')} is not valid for this endpoint.`);
}
