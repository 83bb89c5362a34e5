// SPDX-License-Identifier: Apache-2.0
import { type Stack, Tags } from 'aws-cdk-lib';
import { CfnRouteTable, CfnSubnet, CfnSubnetRouteTableAssociation, CfnVPC } from 'aws-cdk-lib/aws-ec2';
import { formatBlock, parseBlock, part } from '../../config/ipv4.ts';
import { ZONE_LETTERS } from '../../config/network.ts';
import type { StageContext } from '../../stage.ts';
import { suppress } from '../../suppress.ts';

/** Subnets of one kind of work, a zone each, with one way table between them. */
export interface Tier {
  readonly subnets: readonly CfnSubnet[];
  readonly routes: CfnRouteTable;
}

export interface Ground {
  readonly vpc: CfnVPC;
  /** Functions, and the interface endpoints that everything calls. */
  readonly functions: Tier;
  /** Instances and their load balancer. */
  readonly instances: Tier;
}

/** Sixteenths of the VPC: one of the first eight for a zone's functions, one of the last eight for its instances. */
const PARTS = 4;
const FIRST = { functions: 0, instances: 8 } as const;

/**
 * The VPC and its subnets. There is no internet gateway, no NAT gateway and no peering, and a route table has what its
 * endpoints put there: nothing leaves but to AWS. That also ends DNS over TLS or HTTPS, and any resolver but the VPC's.
 *
 * A zone's subnets have their places by its letter, so that a zone that is added, or moves in the list, moves no other.
 * There are no network ACLs of our own: they cannot name the prefix lists of S3 and DynamoDB, so they would have to open
 * 443 and every high port to all addresses, where security groups say exactly who and routes lead nowhere.
 */
export function makeGround(stack: Stack, { config }: StageContext): Ground {
  const { name, zones, network } = config;
  const block = parseBlock(network.cidr);
  const vpc = new CfnVPC(stack, 'Vpc', {
    cidrBlock: network.cidr,
    enableDnsHostnames: true,
    enableDnsSupport: true,
    instanceTenancy: 'default',
  });
  Tags.of(vpc).add('Name', name);
  suppress(vpc, {
    rule: 'VPCDefaultSecurityGroupClosed',
    reason:
      'No template can say it, and CDK’s custom resource for it is an unsigned function; the deploy command empties the group in every run, and nothing is in it.',
  });
  const tier = (kind: keyof typeof FIRST): Tier => {
    const title = kind === 'functions' ? 'Function' : 'Instance';
    const routes = new CfnRouteTable(stack, `${title}Routes`, { vpcId: vpc.ref });
    Tags.of(routes).add('Name', `${name}-${kind}`);
    const subnets = zones.map((zone) => {
      const letter = zone.slice(-1);
      const id = `${title}Subnet${letter.toUpperCase()}`;
      const subnet = new CfnSubnet(stack, id, {
        vpcId: vpc.ref,
        availabilityZone: zone,
        cidrBlock: formatBlock(part(block, block.bits + PARTS, FIRST[kind] + ZONE_LETTERS.indexOf(letter))),
        mapPublicIpOnLaunch: false,
      });
      Tags.of(subnet).add('Name', `${name}-${kind}-${letter}`);
      new CfnSubnetRouteTableAssociation(stack, `${id}Routes`, {
        subnetId: subnet.ref,
        routeTableId: routes.ref,
      });
      return subnet;
    });
    return { subnets, routes };
  };
  return { vpc, functions: tier('functions'), instances: tier('instances') };
}
