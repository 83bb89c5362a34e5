// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { AwsError } from '../errors.ts';
import { textAt } from '../json.ts';
import type { World } from '../world.ts';
import { type Endpoint, formOf, membersOf, type Request, type Response } from './endpoint.ts';
import { element, type Xml } from './xml.ts';

type Operation = (form: URLSearchParams, request: Request) => Xml;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  DescribeAvailabilityZones: (_, { region, authorize }) => {
    authorize('ec2:DescribeAvailabilityZones', '*');
    return {
      availabilityZoneInfo: ['a', 'b', 'c'].map((letter) => ({
        zoneName: `${region}${letter}`,
        zoneState: 'available',
        regionName: region,
        zoneType: 'availability-zone',
        optInStatus: 'opt-in-not-required',
      })),
    };
  },
  DescribeManagedPrefixLists: (_, { region, authorize }) => {
    authorize('ec2:DescribeManagedPrefixLists', '*');
    return {
      prefixListSet: ['s3', 'dynamodb'].map((service) => ({
        prefixListName: `com.amazonaws.${region}.${service}`,
        prefixListId: prefixList(region, service),
        ownerId: 'AWS',
        state: 'create-complete',
      })),
    };
  },
  DescribeSecurityGroupRules: (form, { authorize, on }) => {
    authorize('ec2:DescribeSecurityGroupRules', '*');
    const groups = filterOf(form, 'group-id');
    return { securityGroupRuleSet: groups.flatMap((group) => rulesOf(on.account.world, group)) };
  },
  RevokeSecurityGroupIngress: revoke,
  RevokeSecurityGroupEgress: revoke,
  DescribeNetworkInterfaces: (form, { authorize, on, region }) => {
    authorize('ec2:DescribeNetworkInterfaces', '*');
    const { world } = on.account;
    const vpcs = filterOf(form, 'vpc-id');
    const lingering = world.lingering.filter(({ subnets, until }) => {
      const vpc = textAt(world.find('AWS::EC2::Subnet', region, subnets[0] ?? '')?.properties, 'VpcId');
      return until > world.clock.now && vpcs.includes(vpc ?? '');
    });
    return {
      networkInterfaceSet: lingering.map(({ subnets }, index) => ({
        networkInterfaceId: `eni-${index.toString().padStart(17, '0')}`,
        subnetId: subnets[0],
        status: 'in-use',
        description: 'AWS Lambda VPC ENI',
        interfaceType: 'lambda',
      })),
    };
  },
};

export const EC2: Endpoint = {
  protocol: 'ec2',
  handle(request): Response {
    const form = formOf(request);
    const name = form.get('Action') ?? '';
    const operation = OPERATIONS[name];
    if (operation === undefined)
      throw new AwsError('InvalidAction', `The action ${name} is not valid for this web service.`);
    return { body: element(`${name}Response`, operation(form, request), 'item') };
  },
};

/** Ids of AWS's own lists: they differ by Region, and the two of eu-central-1 are those of the example configuration. */
export function prefixList(region: string, service: string): string {
  if (region === 'eu-central-1') return service === 's3' ? 'pl-6ea54007' : 'pl-66a5400f';
  return `pl-${createHash('sha256').update(`${region} ${service}`).digest('hex').slice(0, 8)}`;
}

/** The two rules that a VPC's default group is born with (VPC User Guide, "Default security groups"). */
function rulesOf(world: World, group: string): readonly { readonly [member: string]: Xml }[] {
  const vpc = world.all('AWS::EC2::VPC').find(({ attributes }) => attributes.DefaultSecurityGroup === group);
  if (vpc === undefined) return [];
  const id = (direction: string): string =>
    `sgr-${createHash('sha256').update(`${group} ${direction}`).digest('hex').slice(0, 17)}`;
  const own = { groupId: group, groupOwnerId: world.account, ipProtocol: '-1', fromPort: -1, toPort: -1 };
  return [
    {
      securityGroupRuleId: id('in'),
      isEgress: false,
      ...own,
      referencedGroupInfo: { groupId: group, userId: world.account },
    },
    { securityGroupRuleId: id('out'), isEgress: true, ...own, cidrIpv4: '0.0.0.0/0' },
  ].filter(({ securityGroupRuleId }) => !world.revokedRules.has(securityGroupRuleId));
}

function revoke(form: URLSearchParams, { authorize, on, region }: Request): Xml {
  const { world } = on.account;
  const name = form.get('Action') ?? '';
  const group = form.get('GroupId') ?? '';
  const own = `arn:${world.partition}:ec2:${region}:${world.account}:`;
  const ids = membersOf(form, 'SecurityGroupRuleId', '');
  authorize(`ec2:${name}`, `${own}security-group/${group}`);
  for (const id of ids) {
    authorize(`ec2:${name}`, `${own}security-group-rule/${id}`);
    if (!rulesOf(world, group).some(({ securityGroupRuleId }) => securityGroupRuleId === id)) {
      throw new AwsError(
        'InvalidSecurityGroupRuleId.NotFound',
        `The security group rule ID '${id}' does not exist`,
      );
    }
    world.revokedRules.add(id);
  }
  return { return: true };
}

function filterOf(form: URLSearchParams, name: string): readonly string[] {
  for (let index = 1; form.has(`Filter.${index}.Name`); index += 1) {
    if (form.get(`Filter.${index}.Name`) === name) return membersOf(form, `Filter.${index}.Value`, '');
  }
  return [];
}

/** Version of the launch template that a group's instances are made of. */
export function launchVersion(properties: Parameters<typeof textAt>[0]): string {
  const mixed = textAt(properties, 'MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.Version');
  return mixed ?? textAt(properties, 'LaunchTemplate.Version') ?? '$Default';
}

export function capacityOf(properties: Parameters<typeof textAt>[0]): number {
  return Number(textAt(properties, 'DesiredCapacity') ?? textAt(properties, 'MinSize') ?? '0');
}
