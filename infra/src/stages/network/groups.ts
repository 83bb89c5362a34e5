// SPDX-License-Identifier: Apache-2.0
import { type Stack, Tags } from 'aws-cdk-lib';
import { CfnSecurityGroup, CfnSecurityGroupIngress } from 'aws-cdk-lib/aws-ec2';
import { hasPrivateApi } from '../../domains/services.ts';
import type { StageContext } from '../../stage.ts';
import type { Ground } from './subnets.ts';

export interface Groups {
  readonly functions: CfnSecurityGroup;
  readonly balancer: CfnSecurityGroup;
  readonly instances: CfnSecurityGroup;
  readonly endpoints: CfnSecurityGroup;
  /** Of the endpoint of a private API alone: its callers have no business with the other endpoints. */
  readonly apiEndpoint: CfnSecurityGroup | undefined;
}

const HTTPS = 443;
/** The channel between API and parent: TLS from end to end, through the load balancer. */
const CHANNEL = 8443;
/** The parent's health, which the load balancer asks for. */
const HEALTH = 8080;

type Rule = CfnSecurityGroup.EgressProperty;
const to = (group: CfnSecurityGroup, port: number, description: string): Rule => ({
  ipProtocol: 'tcp',
  fromPort: port,
  toPort: port,
  destinationSecurityGroupId: group.attrGroupId,
  description,
});
const toList = (destinationPrefixListId: string, description: string): Rule => ({
  ipProtocol: 'tcp',
  fromPort: HTTPS,
  toPort: HTTPS,
  destinationPrefixListId,
  description,
});

/**
 * A group without any rule for what leaves would be given one for everything (CloudFormation Template Reference,
 * AWS::EC2::SecurityGroup): this one, which no packet matches, takes its place.
 */
const NOWHERE: Rule = { ipProtocol: '-1', cidrIp: '127.0.0.1/32', description: 'Nothing leaves' };

/**
 * Who may speak to whom. Every rule names a group, a prefix list of AWS or a client's network, and one port. DNS, time and
 * instance metadata need no rule: at their addresses security groups filter nothing, and the DNS firewall does.
 */
export function makeGroups(stack: Stack, { config }: StageContext, { vpc }: Ground): Groups {
  const { name, network } = config;
  const group = (id: string, description: string, securityGroupEgress: Rule[]): CfnSecurityGroup => {
    const made = new CfnSecurityGroup(stack, `${id}Group`, {
      vpcId: vpc.ref,
      groupDescription: description,
      securityGroupEgress,
    });
    Tags.of(made).add('Name', `${name}-${id.toLowerCase()}`);
    return made;
  };

  const endpoints = group('Endpoints', 'Interface endpoints', [NOWHERE]);
  const apiEndpoint = hasPrivateApi(config)
    ? group('ApiEndpoint', 'Endpoint of the private API', [NOWHERE])
    : undefined;
  const instances = group('Instances', 'Instances with enclaves', [
    to(endpoints, HTTPS, 'Services of AWS'),
    toList(network.prefixLists.s3, 'Artifacts and packages in S3'),
  ]);
  const balancer = group('Balancer', 'Load balancer before the instances', [
    to(instances, CHANNEL, 'Channel'),
    to(instances, HEALTH, 'Health'),
  ]);
  const functions = group('Functions', 'Functions', [
    to(endpoints, HTTPS, 'Services of AWS'),
    toList(network.prefixLists.dynamodb, 'Table in DynamoDB'),
    to(balancer, CHANNEL, 'Channel'),
    ...(apiEndpoint === undefined ? [] : [to(apiEndpoint, HTTPS, 'Smoke test of the private API')]),
  ]);

  // Rules of their own, since groups that name each other cannot each be made before the other.
  const ingress = (
    id: string,
    target: CfnSecurityGroup,
    port: number,
    source: { readonly sourceSecurityGroupId: string } | { readonly cidrIp: string },
    description: string,
  ): void => {
    new CfnSecurityGroupIngress(stack, id, {
      groupId: target.attrGroupId,
      ipProtocol: 'tcp',
      fromPort: port,
      toPort: port,
      ...source,
      description,
    });
  };
  const from = (source: CfnSecurityGroup) => ({ sourceSecurityGroupId: source.attrGroupId });
  ingress('EndpointsFromFunctions', endpoints, HTTPS, from(functions), 'Functions');
  ingress('EndpointsFromInstances', endpoints, HTTPS, from(instances), 'Instances');
  ingress('BalancerFromFunctions', balancer, CHANNEL, from(functions), 'Functions');
  ingress('InstancesFromBalancer', instances, CHANNEL, from(balancer), 'Channel');
  ingress('InstancesHealthFromBalancer', instances, HEALTH, from(balancer), 'Health');
  if (apiEndpoint !== undefined) {
    ingress('ApiEndpointFromFunctions', apiEndpoint, HTTPS, from(functions), 'Smoke test');
    // By their addresses, not by their places in the list: one taken out must not rename the rest.
    for (const cidrIp of network.clientCidrs) {
      const id = `ApiEndpointFrom${cidrIp.replaceAll(/[./]/g, 'x')}`;
      ingress(id, apiEndpoint, HTTPS, { cidrIp }, 'Callers of the private API');
    }
  }
  return { functions, balancer, instances, endpoints, apiEndpoint };
}
